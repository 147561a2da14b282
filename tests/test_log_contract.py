"""Both event logs keep the same promises: that in Postgres, and that in a Python object."""

import pytest

from cqrs_example import eventstore
from cqrs_example.database.base import DatabaseWrapper
from cqrs_example.in_memory import Log
from cqrs_example.in_memory.tests.log_contract import LogContract
from cqrs_example.messaging import EventLog


class Postgres(EventLog):
    """With the functions of the event store that a command has no need of."""

    append = staticmethod(eventstore.append)
    read = staticmethod(eventstore.read)
    read_all = staticmethod(eventstore.read_all)
    last_event = staticmethod(eventstore.last_event)
    caused_by = staticmethod(eventstore.caused_by)


class TestPostgres(LogContract):
    @pytest.fixture
    def log(self, transactional_db: None) -> EventLog:
        return Postgres()


class TestPostgresWithAnotherBackend(TestPostgres):
    """One that sends each statement at once, as Django's own does."""

    @pytest.fixture(autouse=True)
    def _without_trips(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("send", "later"):
            monkeypatch.delattr(DatabaseWrapper, name)


class TestInMemory(LogContract):
    @pytest.fixture
    def log(self) -> Log:
        return Log()
