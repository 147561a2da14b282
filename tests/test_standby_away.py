"""A synchronous standby that is away: nobody waits for ever, nor is told that all is well."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connections

from cqrs_example.database import trips
from cqrs_example.eventstore import read_all
from cqrs_example.messaging import Context, Repeated, execute
from dev.standby import primary

from .bank.commands import Deposit, deposit
from .managing import BANK
from .racing import until
from .test_operations import run_manage

pytestmark = pytest.mark.slow


@pytest.fixture
def alone(bank: None, django_db_blocker: Any) -> Iterator[None]:
    """This thread's connection is to a server that waits for a standby which is not there."""
    with primary() as cluster, django_db_blocker.unblock():
        url = cluster.url()
        done = run_manage(url, "migrate", "-v", "0", DJANGO_SETTINGS_MODULE=BANK)
        assert done.returncode == 0, done.stderr
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            owner.execute("SELECT pg_reload_conf()")
        ours = connections["default"]
        own: Any = connections.create_connection("default")
        where = {"NAME": "warehouse", "HOST": str(cluster.sockets), "PORT": "5432"}
        own.settings_dict = {**ours.settings_dict, **where, "USER": "postgres", "PASSWORD": ""}
        connections["default"] = own
        try:
            yield
        finally:
            connections["default"] = ours
            own.close()


@pytest.mark.usefixtures("alone")
def test_commit_that_no_standby_has_is_no_success(monkeypatch):
    monkeypatch.setattr(trips, "PATIENCE", 0.3)
    sent = Context()
    for _ in range(2):  # the first time it is recorded, and then it is repeated
        with pytest.raises(OperationalError, match="no standby has said that it has it"):
            execute(deposit, Deposit("a", 1), sent)
    assert len(list(read_all())) == 1  # so it is unknown to whoever sent it, and there
    with connections["default"].cursor() as cursor:
        cursor.execute("ALTER SYSTEM RESET synchronous_standby_names")
        cursor.execute("SELECT pg_reload_conf()")
    until(lambda: isinstance(_answer(sent), Repeated))


def _answer(sent):
    try:
        return execute(deposit, Deposit("a", 1), sent)
    except OperationalError:  # the setting was not yet read again
        return None
