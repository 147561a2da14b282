"""Replay, rebuild and verify at a million events over ten thousand streams: `docs/measurements.md`.

    DATABASE_URL=postgresql://…/a_database_of_its_own python -m dev.measure_replay [STREAMS]

It fills the database by bulk append if it is empty. `dev.measure_eventsourcing` is what it stands
beside.
"""

import resource
import statistics
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from dev.bench.django_process import set_up

set_up()

from django.core.management import call_command  # noqa: E402
from django.db import DatabaseError, connection  # noqa: E402

from cqrs_example.messaging import Transaction, execute  # noqa: E402
from cqrs_example.projections.rebuild import rebuild  # noqa: E402
from dev.bench.worker import CHUNK, Receive, Recorded, plain_sql, receive, replayed  # noqa: E402
from warehouse.events import ProductQuantityIncreased, product_stream  # noqa: E402

STREAMS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
EVENTS, ROUNDS = 1_000_000, 5


def receive_one(tx: Transaction, command: Receive) -> Recorded:
    [stream] = tx.lock(product_stream("busy"))
    return tx.append(stream, [ProductQuantityIncreased("busy", 1, stream.version + 1)])


def fill() -> float:
    """The seconds that bulk append took; 0 if the events were there already."""
    call_command("migrate", verbosity=0)
    begin = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM eventstore_event")
        if cursor.fetchone()[0] >= EVENTS:
            return 0
    for number in range(EVENTS // CHUNK):
        execute(receive, Receive(number * CHUNK % STREAMS))
    took = time.perf_counter() - begin
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return took


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def longest_pause() -> tuple[str, float]:
    """What a rebuild says, and the longest time between two successful commands of a writer who
    makes no pause meanwhile, in milliseconds."""
    ended, pauses = threading.Event(), [0.0]

    def write() -> None:
        done = time.perf_counter()
        while not ended.is_set():
            with suppress(DatabaseError):  # it waited for too long: a client would try again
                execute(receive_one, Receive(0))
                before, done = done, time.perf_counter()
                pauses.append(done - before)
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        result = rebuild("products", lambda steps, total: (step for step, _ in steps))
    finally:
        ended.set()
        writer.join()
    return result.sentence, 1000 * max(pauses)


def spoil() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE warehouse_products_product SET quantity = quantity + 1")


def peak_memory() -> int:
    """The most memory that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    if took := fill():
        print(f"Bulk append: {EVENTS:,} events in {took:.0f} s, {EVENTS / took:,.0f} per second.")
    rounds = [(seconds(plain_sql), seconds(replayed)) for _ in range(ROUNDS)]
    sql, own = (EVENTS / statistics.median(times) for times in zip(*rounds, strict=True))
    ratio = statistics.median(sql / own for sql, own in rounds)
    print(f"Replay: {own:,.0f} events per second; plain SQL: {sql:,.0f}; ratio {ratio:.3f}.")
    sentence = "All rows {}: {}; longest pause between successful commands {:.0f} ms."
    print(sentence.format("right", *longest_pause()))
    spoil()
    print(sentence.format("wrong", *longest_pause()))
    print(f"Peak memory: {peak_memory()} MB.")


if __name__ == "__main__":
    main()
