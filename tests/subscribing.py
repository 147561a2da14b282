"""Events, a projection and policies that know nothing of the warehouse, and workers in threads."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event as Flag
from threading import Thread
from typing import Any, ClassVar

import pytest
from django.db import connection

from cqrs_example.eventstore import RecordedEvent, StreamName
from cqrs_example.messaging import DomainError, Transaction, execute
from cqrs_example.subscriptions import policies
from cqrs_example.subscriptions.following import from_log
from cqrs_example.subscriptions.models import Checkpoint, Parked
from cqrs_example.subscriptions.switching import switch
from cqrs_example.subscriptions.working import run

from .racing import until

MODELS: list[Any] = []
# What the projection and the policy cannot deal with, until a test takes it out again.
broken: set[int] = set()
refused: set[int] = set()


@dataclass(frozen=True)
class Added:
    type: ClassVar[str] = "test.Added"
    schema_version: ClassVar[int] = 1
    number: int


@dataclass(frozen=True)
class Noted:
    type: ClassVar[str] = "test.Noted"
    schema_version: ClassVar[int] = 1
    number: int


@dataclass(frozen=True)
class Add:
    stream: str
    number: int


@dataclass(frozen=True)
class Note:
    stream: str
    number: int


def handle_add(tx: Transaction, command: Add) -> list[RecordedEvent[Added]]:
    stream_name: StreamName[Added] = StreamName(command.stream)
    [stream] = tx.lock(stream_name)
    return tx.append(stream, [Added(command.number)])


def handle_note(tx: Transaction, command: Note) -> list[RecordedEvent[Noted]]:
    stream_name: StreamName[Noted] = StreamName(f"noted-{command.stream}")
    [stream] = tx.lock(stream_name)
    return tx.append(stream, [Noted(command.number)])


def project(events: Sequence[RecordedEvent[Added]]) -> None:
    """A ledger that has a line twice if an event comes twice; in the order in which they come."""
    rows = [(event.position, event.data.number) for event in events]
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO ledger (position, number) VALUES (%s, %s)", rows)
    for _, number in rows:
        if number in broken:
            raise ValueError(f"the ledger has no place for {number}")


def note(tx: Transaction, event: RecordedEvent[Added]) -> None:
    if event.data.number in refused:
        raise DomainError(f"No note takes {event.data.number}.")
    tx.execute(handle_note, Note(event.stream, event.data.number))


def note_and_lose(tx: Transaction, event: RecordedEvent[Added]) -> None:
    """Loses its connection after it has written, if the number says so."""
    note(tx, event)
    if event.data.number in lost:
        lost.discard(event.data.number)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


lost: set[int] = set()


def note_again(tx: Transaction, event: RecordedEvent[Added]) -> None:
    """Issues a command of the same name for the same event."""
    tx.execute(handle_note, Note(event.stream, event.data.number + 1000))


def add(stream: str, *numbers: int) -> list[Any]:
    return [execute(handle_add, Add(stream, number))[0] for number in numbers]


class Subscribed:
    """What a test looks at."""

    def __init__(self, settings: Any, rows: Any) -> None:
        self.settings, self.rows = settings, rows

    def switch(self, *names: str) -> list[str]:
        self.settings.SUBSCRIPTIONS = list(names)
        return switch()

    def ledger(self) -> list[int]:
        return [number for (number,) in self.rows("SELECT number FROM ledger ORDER BY line")]

    def added(self) -> list[int]:
        """What the ledger has to have, in this order."""
        return self._log("test.Added")

    def notes(self) -> list[int]:
        return self._log("test.Noted")

    def last(self) -> int:
        return int(self.rows("SELECT coalesce(max(position), 0) FROM eventstore_event")[0][0])

    def caught_up(self) -> None:
        """Returns when every subscription has heard everything, its own effects included."""
        hearing = Checkpoint.objects.exclude(kind="relay")
        until(lambda: not hearing.filter(position__lt=self.last()).exists())

    def trouble(self, name: str) -> str:
        return str(Checkpoint.objects.get(name=name).trouble)

    def parked(self) -> list[tuple[str, bool]]:
        """Streams of parked events in order, and whether each failed itself."""
        found = Parked.objects.order_by("position").values_list("stream", "trouble")
        return [(stream, bool(trouble)) for stream, trouble in found]

    def _log(self, kind: str) -> list[int]:
        sql = (
            "SELECT (data->>'number')::int FROM eventstore_event WHERE type = %s ORDER BY position"
        )
        return [number for (number,) in self.rows(sql, kind)]


@contextmanager
def working(*names: str, source: Any = from_log) -> Iterator[Callable[[], None]]:
    """A worker in the background; calling what it yields ends it, and waits for that."""
    stopping = Flag()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            run(names, stopping, source)
        except BaseException as error:
            failures.append(error)

    thread = Thread(target=work)
    thread.start()

    def stop() -> None:
        stopping.set()
        thread.join(60)
        if failures:
            raise failures.pop()

    try:
        yield stop
    finally:
        stop()


@pytest.fixture
def subscribed(
    transactional_db: None, settings: Any, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Subscribed]:
    """A projection `ledger` and a policy `note`, of which none is a subscription yet."""
    monkeypatch.setattr(policies, "PAUSES", (0.01, 0.01, 0.01))
    settings.EVENTS = [__name__]
    settings.COMMANDS, settings.INVARIANTS = [], {}
    settings.PROJECTIONS, settings.POLICIES = {"ledger": __name__}, {"note": f"{__name__}.note"}
    broken.clear()
    refused.clear()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE ledger (line serial PRIMARY KEY, position bigint, number integer)"
        )
    yield Subscribed(settings, rows)
    broken.clear()
    refused.clear()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE ledger")
