"""Writers that take no lock, pipes that close, transactions that do not end."""

import signal
import subprocess
import sys

import psycopg
import pytest
from django.db import connection

from cqrs_example.eventstore import read
from cqrs_example.messaging import execute

from .bank.commands import Deposit, deposit
from .bank.events import account_stream
from .databases import url
from .managing import environment
from .serving import ROOT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bank")]

PAST_THE_LOCK = """
    INSERT INTO eventstore_event (id, stream, version, type, schema_version, data, correlation_id,
        causation_id, metadata, recorded_at, occurred_at)
    SELECT gen_random_uuid(), stream, version + 1, type, schema_version, data, correlation_id,
        causation_id, '{}', now(), now()
    FROM eventstore_event WHERE stream = 'account-a' ORDER BY version DESC LIMIT 1
"""


def test_writer_that_takes_no_lock_is_met_like_a_deadlock():
    """Another program that inserts by itself: the command decides anew, on what is there now."""
    execute(deposit, Deposit("a", 1))
    tries = []

    def disturbed(tx, command):
        [account] = tx.lock(account_stream(command.account))
        tries.append(account.version)
        if len(tries) < 3:
            with psycopg.connect(url(connection.settings_dict["NAME"]), autocommit=True) as other:
                other.execute(PAST_THE_LOCK)
        return tx.append(account, [account.last.data])

    disturbed.__annotations__ = deposit.__annotations__
    execute(disturbed, Deposit("a", 1))
    assert tries == [1, 2, 3]
    assert [event.version for event in read(account_stream("a"))] == [1, 2, 3, 4]


@pytest.mark.slow
@pytest.mark.parametrize("command", ["verify", "rebuild"])
def test_pipe_that_closes_ends_it_quietly(command):
    words = [command, "--all"] if command == "rebuild" else [command]
    with subprocess.Popen(
        [sys.executable, "-u", "manage.py", *words],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()
    assert process.returncode == -signal.SIGPIPE


@pytest.mark.slow
def test_waiting_for_a_writer_that_hangs_is_told():
    with psycopg.connect(url(connection.settings_dict["NAME"])) as other:
        other.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", (0x6576656E, 0x74730000))
        process = subprocess.Popen(
            [sys.executable, "manage.py", "events", "tail"],
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        told = process.stderr.readline()
    assert (
        told == "events tail: waiting for a transaction that writes to the log and does not end\n"
    )
    assert process.wait(60) == 0
    process.communicate()
