"""`read_all` misses nothing, however late it commits, and holds up nobody."""

import random
import threading
import time
from collections import defaultdict
from contextlib import ExitStack, contextmanager

import pytest
from django.db import (
    InterfaceError,
    NotSupportedError,
    OperationalError,
    connection,
    transaction,
)

from cqrs_example.eventstore import append, lock, read_all, settled_position

from .bank.events import Deposited
from .racing import all_at_once, backend, in_background, until, waiting_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bank")]


def record(name, number=1):
    with transaction.atomic():
        [stream] = lock(name)
        [event] = append(stream, [Deposited(name, number, number)])
    return event


class Writer:
    """Appends an event, and commits or rolls back when it is told to."""

    def __init__(self, name, fail=False):
        self.name, self.fail, self.crashed = name, fail, False
        self.finish, self.appended = threading.Event(), threading.Event()

    def __call__(self):
        try:
            self.write()
        except (OperationalError, InterfaceError):
            assert self.crashed

    def write(self):
        with transaction.atomic():
            [stream] = lock(self.name)
            [self.event] = append(stream, [Deposited(self.name, 1, 1)])
            self.pid = backend()
            self.appended.set()
            self.finish.wait(20)
            transaction.set_rollback(self.fail)


@contextmanager
def writing(name, fail=False):
    writer = Writer(name, fail)
    with in_background(writer):
        try:
            assert writer.appended.wait(20)
            yield writer
        finally:
            writer.finish.set()


def positions(after=0):
    return [event.position for event in read_all(after)]


def by_last_position(after):
    """What every tutorial does, and what loses events."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT position FROM eventstore_event WHERE position > %s ORDER BY position", [after]
        )
        return [position for (position,) in cursor.fetchall()]


@pytest.mark.parametrize("ending", ["commit", "rollback", "crash"])
def test_reader_waits_at_a_gap_until_it_is_filled_or_given_up(ending):
    start = record("start").position
    with writing("open", fail=ending == "rollback") as slow:
        early = record("early").position
        with in_background(lambda: positions(start)) as reader:
            time_passes_without(reader)
            if ending == "crash":
                terminate(slow)
            else:
                slow.finish.set()
            found = reader.result(20)
    assert found == ([slow.event.position, early] if ending == "commit" else [early])


def terminate(writer):
    """Its backend goes; the thread hears of that only when it wants to commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [writer.pid])
    writer.crashed = True


def test_late_commit_is_not_missed():
    start = record("start").position
    with writing("late") as late:
        early = record("early").position
        assert late.event.position < early
        naive = by_last_position(start)
        with in_background(lambda: positions(start)) as reader:
            time_passes_without(reader)
            late.finish.set()
    assert reader.result() == [late.event.position, early]
    assert naive == [early]
    assert by_last_position(naive[-1]) == []  # so it has lost the late one for ever


def time_passes_without(reader):
    """The reader has looked at the gap and asks again and again."""
    until(lambda: asked_for_writers() or reader.done())
    assert not reader.done()


def asked_for_writers():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%%FROM pg_locks%%'"
            " AND query NOT LIKE '%%pg_stat_activity%%' AND datname = current_database()"
            " AND state = 'idle'"  # it has the answer: who writes from now on is not in it
        )
        return cursor.fetchall()


def test_rolled_back_position_stops_nobody():
    start = record("start").position
    with writing("never", fail=True) as never:
        kept = record("kept").position
    assert start < never.event.position < kept
    assert positions(start) == [kept]
    assert settled_position() == kept


def test_reader_waits_for_those_only_who_wrote_before():
    start = record("start").position
    with writing("late") as late:
        early = record("early").position
        with in_background(lambda: positions(start)) as reader:
            time_passes_without(reader)
            with writing("later") as later:  # begins while the reader waits
                late.finish.set()
                found = reader.result(20)  # although this one is still open
                assert not later.finish.is_set()
                assert found == [late.event.position, early]
                assert positions(early) == []
    assert positions(early) == [later.event.position]


def test_nobody_waits_for_a_reader_at_a_gap_or_for_the_slow_writer():
    start = record("start").position
    with writing("slow") as slow:
        early = record("early").position
        with in_background(lambda: positions(start)) as reader:
            time_passes_without(reader)
            # They all come back: they wait neither for the reader nor for the slow one.
            some = [lambda n=n: [record(f"{n}-{m}").position for m in range(10)] for n in range(8)]
            written = [position for positions in all_at_once(some) for position in positions]
            assert not reader.done()
            assert waiting_for(slow.pid) == []
            slow.finish.set()
    assert reader.result()[:2] == [slow.event.position, early]
    assert positions(start)[2:] == sorted(written)


def test_position_handed_out_while_settling_is_not_settled():
    """The last position comes first, the writers afterwards: who is missed has a higher one."""
    start = record("start").position
    with ExitStack() as slow:

        def write_between(execute, sql, *args):
            answer = execute(sql, *args)
            if held:
                held[0].finish.set()
            else:
                held.append(slow.enter_context(writing("slow")))
                record("early")
            return answer

        held: list[Writer] = []
        with connection.execute_wrapper(write_between):
            settled = settled_position()
    assert held[0].event.position > settled == start


def test_log_is_not_read_inside_a_transaction_that_writes():
    """It would wait for a writer who waits for this one's stream, and neither would ever end."""
    with transaction.atomic():
        lock("mine")
        for look in (positions, settled_position):
            with pytest.raises(NotSupportedError, match="before or after a transaction that locks"):
                look()
    with transaction.atomic():
        assert positions() == []


@pytest.mark.django_db(transaction=False)
def test_log_is_read_in_a_test_case():
    """Which is one transaction for all that is written and read in it."""
    event = record("mine")
    assert positions(event.position - 1) == [event.position]


def test_settled_position_under_repeatable_read():
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with pytest.raises(NotSupportedError, match="READ COMMITTED, not REPEATABLE READ"):
            settled_position()


@pytest.mark.parametrize("batch", [3, 1000])
def test_reader_beside_eight_writers(monkeypatch, batch):
    """Writers pause, commit and roll back at random; one reader is right, a naive one is not."""
    monkeypatch.setattr("cqrs_example.eventstore.log.BATCH", batch)  # gaps at its edges as well
    start = record("start").position
    ended, committed, seed = threading.Event(), [], random.Random(7)
    naive, found, versions = [], [], defaultdict(list)

    def write(chance, name):
        for number in range(60):
            failed = chance.random() < 0.2
            with transaction.atomic():
                [stream] = lock(f"{name % 4}-{number % 3}")
                [event] = append(stream, [Deposited("a", 1, number)])
                assert event.position  # the INSERT goes out now, and not with COMMIT
                time.sleep(chance.random() / 200)  # what makes positions commit out of order
                transaction.set_rollback(failed)
            if not failed:
                committed.append(event.position)

    def follow(reader, seen):
        last_round = False
        while not last_round:
            last_round = ended.is_set()
            seen += reader(seen[-1] if seen else start)

    def gap_safe(after):
        for event in read_all(after):
            versions[event.stream].append(event.version)
            yield event.position

    chances = [random.Random(seed.random()) for _ in range(8)]
    with (
        in_background(lambda: follow(gap_safe, found)),
        in_background(lambda: follow(by_last_position, naive)),
    ):
        try:
            all_at_once([lambda n=n: write(chances[n], n) for n in range(8)])
        finally:
            ended.set()
    assert found == sorted(committed)
    assert set(naive) < set(committed)
    assert len(versions) == 12  # two writers for each stream
    assert all(seen == [*range(1, len(seen) + 1)] for seen in versions.values())
