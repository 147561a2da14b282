"""With a real RabbitMQ between log and workers: it can fail in any way, and nothing is lost."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event as Flag
from threading import Thread
from typing import Any
from uuid import uuid4

import amqp
import pytest
from django.db import connection
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from cqrs_example.operations import processes
from cqrs_example.rabbitmq import broker as declaring
from cqrs_example.rabbitmq import relay as relaying
from cqrs_example.rabbitmq import source as feeding
from cqrs_example.rabbitmq.broker import connected, declare, exchange
from cqrs_example.rabbitmq.envelope import envelope
from cqrs_example.rabbitmq.relay import Relay, begin
from cqrs_example.rabbitmq.source import from_queue
from cqrs_example.subscriptions.checkpoints import reset
from cqrs_example.subscriptions.following import rows_between
from cqrs_example.subscriptions.models import Checkpoint
from cqrs_example.subscriptions.status import status
from cqrs_example.subscriptions.working import run
from dev.chaos.proxy import Mode, Proxy
from dev.processes import free_port
from dev.rabbitmq import PROGRAM, Rabbit

from . import racing
from .racing import until
from .subscribing import Subscribed, add, working

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PROGRAM.exists(), reason="There is no rabbitmq-server here."),
]


@pytest.fixture(scope="module")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rabbit]:
    port = free_port(following=1)
    broker = Rabbit(tmp_path_factory.mktemp("rabbitmq"), port)
    broker.start()
    yield broker
    broker.stop(signal.SIGKILL)


@pytest.fixture
def messages(subscribed: Subscribed, rabbit: Rabbit, settings: Any, monkeypatch: Any) -> Subscribed:
    """Both handlers are subscriptions, fed by the broker."""
    # A broker takes its time to begin; and no thread may go on when the test has ended.
    monkeypatch.setattr(racing, "PATIENCE", 90)
    monkeypatch.setattr(processes, "LAST", 60.0)
    if rabbit.process is None:
        rabbit.start()
    settings.BROKER_URL, settings.BROKER_EXCHANGE = rabbit.url, f"test-{uuid4().hex[:8]}"
    subscribed.switch("ledger", "note")
    begin()
    return subscribed


@contextmanager
def relay() -> Iterator[None]:
    stopping = Flag()
    one = Relay(stopping)
    thread = Thread(target=run, args=[["relay"], stopping, one.source, one.step])
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(60)


def all_heard(subscribed: Subscribed) -> None:
    subscribed.caught_up()
    assert subscribed.ledger() == subscribed.added()
    assert sorted(subscribed.notes()) == sorted(subscribed.added())


def published(subscribed: Subscribed) -> None:
    until(lambda: Checkpoint.objects.get(name="relay").position == subscribed.last())


@contextmanager
def fed() -> Iterator[None]:
    with relay(), working("ledger", "note", source=from_queue):
        yield


def test_fed_by_queues(messages: Subscribed, monkeypatch: Any) -> None:
    """Not by the log: that is looked at after a silence, which is longer than the test here."""
    monkeypatch.setattr(feeding, "SILENCE", 60.0)
    add("a", 1)
    with fed():
        messages.caught_up()
        for number in range(2, 30):
            add("a", number)
        messages.caught_up()
        with connected() as broker:
            broker.channel().exchange_delete(exchange())  # ends the silence: workers stop
            for name in ("ledger", "note"):
                broker.channel().queue_delete(f"{exchange()}.{name}")
    all_heard(messages)


def test_broker_that_is_away(messages: Subscribed, rabbit: Rabbit) -> None:
    rabbit.kill()
    with fed():
        add("a", *range(10))
        until(lambda: messages.ledger() == list(range(10)))
        until(lambda: "does not answer at 127.0.0.1" in messages.trouble("relay"))
        rabbit.start()
        add("a", 10)
        all_heard(messages)
        until(lambda: messages.trouble("relay") == "")


@pytest.mark.parametrize("what", ["kill", "kill and wipe", "restart"])
def test_broker_that_ends_under_load(messages: Subscribed, rabbit: Rabbit, what: str) -> None:
    with fed():
        add("a", *range(20))
        rabbit.stop() if what == "restart" else rabbit.kill()
        add("a", *range(20, 40))
        if "wipe" in what:
            rabbit.wipe()
        rabbit.start()
        add("b", *range(40, 60))
        all_heard(messages)


@pytest.fixture
def wire(messages: Subscribed, rabbit: Rabbit, settings: Any, monkeypatch: Any) -> Proxy:
    """Between the broker and all who connect to it."""
    monkeypatch.setattr(feeding, "AGAIN", 0.5)
    monkeypatch.setattr(relaying, "CONFIRMED", 1.0)
    proxy = Proxy(rabbit.port)
    settings.BROKER_URL = f"amqp://guest:guest@127.0.0.1:{proxy.port}/"
    return proxy


def test_connections_that_are_cut(messages: Subscribed, wire: Proxy) -> None:
    with fed():
        for nth in range(5):
            add("a", *range(10 * nth, 10 * nth + 5))
            wire.cut()
            add("b", *range(10 * nth + 5, 10 * nth + 10))
        published(messages)
        all_heard(messages)


def test_network_that_swallows_everything(messages: Subscribed, wire: Proxy) -> None:
    """Nobody says that the connection has ended: workers read the log after a silence, the relay
    misses confirmations, and new connections get no answer either."""
    with fed():
        add("a", *range(10))
        published(messages)
        wire.mode = Mode.DEAD
        add("a", *range(10, 20))
        all_heard(messages)
        until(lambda: messages.trouble("relay"))
        add("a", *range(20, 30))
        all_heard(messages)
        wire.mode = Mode.PASS
        wire.cut()
        published(messages)
        add("a", *range(30, 40))
        published(messages)
        all_heard(messages)
        until(lambda: messages.trouble("relay") == "")


def test_network_that_comes_back_with_the_old_connections(
    messages: Subscribed, wire: Proxy
) -> None:
    """What was swallowed on the way leaves half a frame: both ends give that connection up."""
    with fed():
        for nth in range(3):
            add("a", *range(20 * nth, 20 * nth + 10))
            wire.mode = Mode.DEAD
            add("b", *range(20 * nth + 10, 20 * nth + 20))
            until(lambda: messages.trouble("relay"))
            wire.mode = Mode.PASS
            published(messages)
        all_heard(messages)


def test_database_that_ends_every_session(messages: Subscribed) -> None:
    """Those of the relay and of the workers, whatever they are at."""
    with fed():
        for nth in range(5):
            add("a", *range(10 * nth, 10 * nth + 10))
            ended = messages.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type ="
                " 'client backend' AND datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert len(ended) >= 3 or nth
        published(messages)
        all_heard(messages)


@pytest.mark.parametrize("step", ["basic_publish", "_wait", "move"])
def test_relay_killed_at_each_step(messages: Subscribed, monkeypatch: Any, step: str) -> None:
    """Before and after publishing, before and after the confirmation, after its checkpoint."""
    rest = 5
    place: Any = {"basic_publish": amqp.Channel, "_wait": Relay, "move": relaying}[step]
    function = getattr(place, step)

    def dying(*arguments: Any, **named: Any) -> Any:
        nonlocal rest
        rest -= 1
        if rest == 4:
            raise Killed("before")
        result = function(*arguments, **named)
        if rest == 2:
            raise Killed("after")
        return result

    monkeypatch.setattr(place, step, dying)
    taken = stranger()
    with fed():
        for number in range(10):
            add("a", number)
            published(messages)
        all_heard(messages)
    numbers = [body["data"]["number"] for body in taken() if body["type"] == "test.Added"]
    assert sorted(set(numbers)) == list(range(10))
    assert list(dict.fromkeys(numbers)) == list(range(10)), "again is right, out of order is not"
    assert rest < 2


class Killed(Exception):
    """Ends what the relay is at: its session and its connection end as if it had been killed."""


@pytest.mark.parametrize("resource", ["memory", "disk"])
def test_broker_that_blocks_publishers(
    messages: Subscribed, rabbit: Rabbit, resource: str, monkeypatch: Any
) -> None:
    """The relay waits on one connection: the broker would keep each that it gives up."""
    monkeypatch.setattr(relaying, "CONFIRMED", 0.5)
    connections = counted(monkeypatch, relaying, "connected")
    told = counted(monkeypatch, relaying, "stands_still")
    with fed():
        add("a", *range(10))
        published(messages)
        rabbit.block(resource)
        try:
            before = len(connections)
            add("a", *range(10, 20))
            until(lambda: len(told) > 2)
            assert "short of memory or disk" in messages.trouble("relay")
            assert len(connections) <= before + 1  # once, if its first answer took too long
            all_heard(messages)
        finally:
            rabbit.unblock(resource)
        add("a", *range(20, 30))
        published(messages)
        all_heard(messages)
        until(lambda: messages.trouble("relay") == "")


def test_relay_that_waits_for_a_blocked_broker_ends_when_told(
    messages: Subscribed, rabbit: Rabbit, monkeypatch: Any
) -> None:
    """What it has published is published again by the next one; nobody waits for the broker."""
    monkeypatch.setattr(relaying, "CONFIRMED", 0.5)
    monkeypatch.setattr(processes, "LAST", 20.0)
    try:
        with relay():
            add("a", 1)
            published(messages)
            rabbit.block("memory")
            add("a", 2)
            until(lambda: "short of memory" in messages.trouble("relay"))
        until(lambda: not any(one["running"] for one in status() if one["name"] == "relay"))
    finally:
        rabbit.unblock("memory")
    with fed():
        published(messages)
        all_heard(messages)


def test_queue_that_takes_nothing(messages: Subscribed) -> None:
    """As long as one is bound, the broker refuses what is published, for all queues."""
    queue = f"full-{uuid4().hex[:8]}"
    with connected() as broker, fed():
        channel = broker.channel()
        full = {"x-max-length": 0, "x-overflow": "reject-publish"}
        channel.queue_declare(queue, durable=True, auto_delete=False, arguments=full)
        channel.queue_bind(queue, exchange(), "#")
        add("a", 1, 2)
        until(lambda: "perhaps one of its queues does not work" in messages.trouble("relay"))
        all_heard(messages)
        channel.queue_delete(queue)
        published(messages)


def test_queue_that_answers_with_an_error(messages: Subscribed) -> None:
    """Here one that was made with other arguments, as by a version of before. Its worker and the
    relay are refused, until somebody deletes it; nothing was only there."""
    queue = f"{exchange()}.ledger"
    with connected() as broker, fed():
        channel = broker.channel()
        channel.queue_delete(queue)
        channel.queue_declare(queue, durable=True, auto_delete=False)
    with connected() as broker, fed():
        add("a", 1, 2)
        until(lambda: "PRECONDITION_FAILED" in messages.trouble("relay"))
        all_heard(messages)
        broker.channel().queue_delete(queue)
        published(messages)


def test_message_that_is_given_back_many_times(messages: Subscribed) -> None:
    """RabbitMQ drops none for that: there is no x-delivery-limit, and no version has to agree."""
    add("a", 1)
    with relay():
        published(messages)
    given: list[str] = []

    def give_back(message: amqp.Message) -> None:
        given.append(message.body)
        message.channel.basic_reject(message.delivery_tag, requeue=True)

    with connected() as broker:
        broker.channel().basic_consume(f"{exchange()}.note", callback=give_back)
        while len(given) < 30:
            broker.drain_events(timeout=20)
    assert len(set(given)) == 1
    with fed():
        all_heard(messages)


def counted(monkeypatch: Any, module: Any, name: str) -> list[Any]:
    """What a function of a module is called with from now on."""
    calls, function = list[Any](), getattr(module, name)

    def count(*arguments: Any) -> Any:
        calls.append(arguments)
        return function(*arguments)

    monkeypatch.setattr(module, name, count)
    return calls


def test_queue_that_is_purged_or_deleted(messages: Subscribed) -> None:
    with fed(), connected() as broker:
        declare(broker.channel(), "ledger")
        for nth in range(5):
            add("a", *range(10 * nth, 10 * nth + 5))
            broker.channel().queue_purge(f"{exchange()}.ledger")
            broker.channel().queue_delete(f"{exchange()}.note")
            add("a", *range(10 * nth + 5, 10 * nth + 10))
        all_heard(messages)


def test_queue_that_overflows(messages: Subscribed, monkeypatch: Any) -> None:
    """What does not fit is dropped: a worker that comes later reads it in the log."""
    monkeypatch.setattr(declaring, "QUEUE", {**declaring.QUEUE, "x-max-length": 3})
    add("a", *range(20))
    with relay():
        until(lambda: Checkpoint.objects.get(name="relay").position == messages.last())
        with working("ledger", "note", source=from_queue):
            all_heard(messages)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"1",
        b"{}",
        b'{"position": null, "id": null}',
        b'{"position": "x", "id": 1}',
        b'{"position": 9000000000000, "id": "made up"}',
        b'{"position": 99999999999999999999999, "id": "made up"}',
        b'{"position": -1, "id": "made up"}',
        b'{"position": 1, "id": "made up", "data": {"number": 666}}',
    ],
)
def test_message_of_a_stranger(messages: Subscribed, body: bytes) -> None:
    with fed(), connected() as broker:
        add("a", 1)
        messages.caught_up()
        for _ in range(2):
            broker.channel().basic_publish(amqp.Message(body), exchange(), "x")
        add("a", 2)
        all_heard(messages)
        assert Checkpoint.objects.get(name="ledger").position <= messages.last()


def test_messages_twice_late_and_reversed(messages: Subscribed) -> None:
    events = add("a", *range(10))
    with working("ledger", "note", source=from_queue), connected() as broker:
        messages.caught_up()
        channel = broker.channel()
        rows = rows_between(events[0].position - 1, events[-1].position)
        more = add("a", *range(10, 20))
        rows = [*rows, *rows_between(more[0].position - 1, more[-1].position)]
        for row in [*reversed(rows), *rows, *rows]:
            text = json.dumps(envelope(row, 0)).encode()
            channel.basic_publish(amqp.Message(text), exchange(), "x")
        all_heard(messages)


def test_two_relays_that_both_believe_to_lead(messages: Subscribed, monkeypatch: Any) -> None:
    monkeypatch.setattr(processes, "LEAD", "SELECT %s::text IS NOT NULL")
    with relay(), fed(), working("ledger", "note", source=from_queue):
        for number in range(30):
            add(f"s{number % 3}", number)
        messages.caught_up()
    assert messages.ledger() == messages.added()
    assert sorted(messages.notes()) == sorted(messages.added())


def test_relay_publishes_again_what_was_not_confirmed(
    messages: Subscribed, monkeypatch: Any
) -> None:
    """Killed between publishing and moving its checkpoint, it does both again."""
    moves: list[int] = []

    def interrupted(name: str, after: int, upto: int) -> bool:
        moves.append(upto)
        if len(moves) == 1:
            raise ConnectionResetError
        return bool(move(name, after, upto))

    move = relaying.move
    monkeypatch.setattr(relaying, "move", interrupted)
    taken = stranger()
    add("a", 1, 2)
    with relay():
        until(lambda: Checkpoint.objects.get(name="relay").position == messages.last())
    positions = [body["position"] for body in taken()]
    assert sorted(set(positions)) == sorted(
        row for (row,) in messages.rows("SELECT position FROM eventstore_event")
    )
    assert len(positions) > len(set(positions))


def stranger(*topics: str) -> Any:
    """A queue of another program, and what takes all that is in it."""
    queue = f"stranger-{uuid4().hex[:8]}"
    with connected() as broker:
        channel = broker.channel()
        channel.queue_declare(queue, durable=True, auto_delete=False)
        for topic in topics or ("#",):
            channel.queue_bind(queue, exchange(), topic)

    def take() -> list[Any]:
        with connected() as broker:
            channel, found = broker.channel(), []
            while message := channel.basic_get(queue, no_ack=True):
                found.append(json.loads(message.body))
            return found

    return take


def test_message_is_a_cloud_event(messages: Subscribed) -> None:
    take, others = stranger(), stranger("test.Noted.v1")
    first, second = add("a", 1, 2)
    with relay():
        until(lambda: Checkpoint.objects.get(name="relay").position == messages.last())
    one, two = take()
    assert others() == []
    assert two["previous"] == one["position"] == first.position
    assert {key: value for key, value in one.items() if key not in ("time", "occurredat")} == {
        "specversion": "1.0",
        "id": str(first.id),
        "source": f"/{exchange()}",
        "type": "test.Added",
        "subject": "a",
        "datacontenttype": "application/json",
        "data": {"number": 1},
        "position": first.position,
        "previous": one["previous"],
        "streamversion": 1,
        "schemaversion": 1,
        "correlationid": str(first.correlation_id),
        "causationid": str(first.causation_id),
        "traceparent": f"00-{first.correlation_id.hex}-{first.id.hex[:16]}-01",
    }
    assert second.position == two["position"]


def test_relay_has_spans_and_messages_go_on_with_the_trace(
    messages: Subscribed, spans: Any, exporter: InMemorySpanExporter
) -> None:
    take = stranger()
    add("a", 1, 2)
    with relay():
        published(messages)
    finished = exporter.get_finished_spans()
    commands = {span.context.span_id for span in finished if span.name == "execute Add"}
    sends = [span for span in finished if span.name == "send relay"]
    assert {span.kind for span in sends} == {SpanKind.PRODUCER}
    assert {link.context.span_id for span in sends for link in span.links} == commands
    attributes = [dict(span.attributes or {}) for span in sends]
    assert sum(int(str(each["messaging.batch.message_count"])) for each in attributes) == 2
    assert {each["messaging.system"] for each in attributes} == {"rabbitmq"}
    assert {each["messaging.destination.name"] for each in attributes} == {exchange()}
    assert attributes[-1]["cqrs.position"] == messages.last()
    carried = {int(body["traceparent"].split("-")[2], 16) for body in take()}
    assert carried == commands


def test_metadata_only_as_far_as_a_setting_says(messages: Subscribed, settings: Any) -> None:
    [event] = add("a", 1)
    [row] = rows_between(event.position - 1, event.position)
    assert "metadata" not in envelope(row, 0)
    settings.MESSAGE_METADATA = ["actor"]
    assert json.loads(envelope(row, 0)["metadata"]) == {"actor": "anonymous"}


def test_relay_put_back_publishes_again(messages: Subscribed) -> None:
    add("a", 1)
    with relay():
        until(lambda: Checkpoint.objects.get(name="relay").position == messages.last())
        take = stranger()
        reset("relay", 0)
        until(lambda: Checkpoint.objects.get(name="relay").position == messages.last())
    assert [body["data"] for body in take()] == [{"number": 1}]


def test_relay_passes_on_what_this_code_cannot_read(messages: Subscribed) -> None:
    take = stranger()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO eventstore_event (id, stream, version, type, schema_version, data,"
            " correlation_id, causation_id, metadata, recorded_at, occurred_at) VALUES"
            " (gen_random_uuid(), 'new', 1, 'test.New', 7, '{}', gen_random_uuid(),"
            " gen_random_uuid(), '{}', now(), now())"
        )
    with relay():
        until(lambda: Checkpoint.objects.get(name="relay").position == messages.last())
    assert [(body["type"], body["schemaversion"]) for body in take()] == [("test.New", 7)]


def test_leftovers_in_a_queue_are_not_heard(messages: Subscribed) -> None:
    """As after a restored backup: what did not happen in it stays unheard."""
    with connected() as broker:
        channel = broker.channel()
        declare(channel, "ledger")
        for nth in range(100):
            text = json.dumps({"position": 5 + nth, "id": str(uuid4())}).encode()
            channel.basic_publish(amqp.Message(text), exchange(), "x")
    with fed():
        add("a", 1)
        all_heard(messages)
