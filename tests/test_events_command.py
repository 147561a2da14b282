"""`manage.py events`: what it shows, in which form, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from io import StringIO
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from hypothesis import given as property_of
from hypothesis import settings as how
from hypothesis import strategies as st

from cqrs_example.eventstore import append, lock, read, read_all
from cqrs_example.inspection import finding
from cqrs_example.inspection.as_python import as_python
from cqrs_example.inspection.following import Filter, after, newest
from cqrs_example.messaging import Context, execute

from .bank.commands import Deposit, Withdraw, deposit, withdraw
from .bank.events import Deposited, account_stream
from .managing import environment, manage
from .racing import PATIENCE, in_background, until
from .serving import ROOT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bank")]

HOSTILE = "<b>\u202e\u0645\U0001f600'\""


@dataclass(frozen=True)
class Everything:
    """An event with a field of every kind that the event store can hold."""

    type: ClassVar[str] = "test.Everything"
    schema_version: ClassVar[int] = 1
    text: str = ""
    price: Decimal | None = None
    id: UUID | None = None
    day: date | None = None
    at: datetime | None = None
    weight: float = 0.5
    flag: bool = False
    names: list[str] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)


def events(*arguments, **options):
    out = StringIO()
    call_command("events", *arguments, stdout=out, **options)
    return out.getvalue().splitlines()


def fails(*arguments):
    with pytest.raises((CommandError, SystemExit)) as failure:
        events(*arguments)
    return failure.value


@pytest.fixture
def log():
    """Three events of one account, of which the last notifies; and one of another."""
    execute(deposit, Deposit("a", 10))
    execute(deposit, Deposit("b", 20))
    execute(withdraw, Withdraw("a", 7), Context(correlation_id=CORRELATION))
    return list(read_all())


CORRELATION = uuid4()


def told(lines):
    """The sentences at the ends of the lines."""
    return [line.rpartition("  ")[2] for line in lines]


def test_tail(log):
    lines = events("tail")
    assert told(lines) == [str(event) for event in log]
    assert lines[0].startswith(
        f"#{log[0].position}  {log[0].recorded_at:%Y-%m-%d %H:%M:%S}  account-a@1"
    )
    assert told(events("tail", "-n", "2")) == [str(event) for event in log[-2:]]
    assert events("tail", "-n", "0") == []


@pytest.mark.parametrize(
    ("arguments", "sentences"),
    [
        (["--type", "Withdrawn"], [2]),
        (["--type", "bank.Deposited"], [0, 1]),
        (["--stream", "account-a"], [0, 2]),
        (["--stream", "account-*"], [0, 1, 2]),
        (["--stream", "account"], []),
        (["--since", "1h"], [0, 1, 2, 3]),
        (["--until", "1h"], []),
        (["--since", "2020-01-01", "--type", "WarnedOfLowBalance"], [3]),
        (["--until", "2020-01-01T00:00:00+02:00"], []),
        (["--stream", "account-*", "-n", "1"], [2]),
    ],
)
@pytest.mark.parametrize("walked", [50_000, 2])
def test_tail_filters(log, monkeypatch, arguments, sentences, walked):
    monkeypatch.setattr(finding, "WALKED", walked)
    assert told(events("tail", *arguments)) == [str(log[number]) for number in sentences]


def test_both_forms_of_a_filter_agree(log):
    """One is asked in SQL, of what was there; the other in Python, of what comes."""
    for wanted in (
        Filter(),
        Filter(type=log[2].type),
        Filter(stream="account-a"),
        Filter(stream="account-*", since=log[1].recorded_at),
        Filter(until=log[2].recorded_at),
        Filter(since=log[1].recorded_at, until=log[3].recorded_at),
    ):
        by_sql = newest(wanted, 100, log[-1].position)
        assert by_sql == [event for event in after(0) if wanted.lets_through(event)]


def test_json_is_one_object_on_each_line(log):
    first, *_ = [json.loads(line) for line in events("tail", "--json")]
    assert first["data"] == {"account": "a", "amount": 10, "balance": 10}
    assert UUID(first["id"]) == log[0].id
    assert datetime.fromisoformat(first["recorded_at"]) == log[0].recorded_at


def test_find(log):
    assert told(events("find", "account:a")) == [str(log[n]) for n in (0, 2, 3)]
    assert told(events("find", "account:a", "amount:>7")) == [str(log[0])]
    assert told(events("find", "account:a", "-n", "1", "--until", "2999-01-01")) == [str(log[3])]
    assert told(events("find", "Withdraw", "--occurred-since", "1h")) == [str(log[2])]
    execute(deposit, Deposit("a b", 5), Context(actor="x y"))
    assert [*map(len, (events("find", "a b"), events("find", "actor:x y")))] == [1, 1]
    failure = fails("find", "nothing")
    assert (str(failure), failure.returncode) == ("There are no such events.", 1)
    failure = fails("find", "#x")
    assert "A position is a whole number" in str(failure)
    assert failure.returncode == 2


def test_show(log):
    event = log[2]
    for name in (f"#{event.position}", str(event.position), str(event.id)):
        assert told(events("show", name)[:1]) == [str(event)]
    [line] = events("show", str(event.id), "--json")
    assert json.loads(line)["metadata"]["command"]["name"] == "Withdraw"


@pytest.mark.parametrize(
    ("name", "sentence", "status"),
    [
        ("#999999999", "There is no event #999999999.", 1),
        ("4d7e9c52-0c5e-4a8c-9a53-6d1f2b7c8e90", "There is no event ", 1),
        ("x", "An event must be a UUID such as ", 2),
        ("#x", "An event must be a UUID such as ", 2),
    ],
)
def test_show_nothing(log, name, sentence, status):
    failure = fails("show", name)
    assert str(failure).startswith(sentence)
    assert failure.returncode == status


def test_show_of_another_id_leads_on(log):
    failure = fails("show", str(CORRELATION))
    assert str(failure) == (
        f"No event has the id {CORRELATION}, but others refer to it:"
        f" manage.py events trace {CORRELATION}"
    )


def test_stream(log):
    assert told(events("stream", "account-a")) == [str(log[0]), str(log[2])]
    assert told(events("stream", "account-a", "--type", log[2].type)) == [str(log[2])]
    assert str(fails("stream", "nothing")) == "There is no stream 'nothing'."


def test_trace(log):
    assert [
        line[: len(line) - len(line.lstrip())] for line in events("trace", str(CORRELATION))
    ] == [
        "",
        "  ",
        "    ",
        "      ",
    ]
    steps = [json.loads(line) for line in events("trace", str(CORRELATION), "--json")]
    assert [(one["kind"], one["name"]) for one in steps] == [
        ("command", "Withdraw"),
        ("event", "bank.Withdrawn"),
        ("policy", "WarnOfLowBalance"),
        ("event", "bank.WarnedOfLowBalance"),
    ]
    other = uuid4()
    assert str(fails("trace", str(other))) == f"No event has the correlation id {other}."


def test_stats(log):
    assert f"last position   {log[-1].position:,}" in events("stats")
    [line] = events("stats", "--json")
    assert json.loads(line)["events_per_type"]["bank.Deposited"] == 2
    assert json.loads(line)["events_per_type_are"] == "counted"
    assert "events by type, counted:" in events("stats")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["tail", "--type", "Shipped"], "'Shipped' is no type of event; there are: bank."),
        (["tail", "--since", "yesterday"], "such as 2026-01-31T14:30, or one such as 2h or 7d ago"),
        (["tail", "--until", "999999w"], "must be a time such as"),
        (["trace", "x"], "must be a UUID such as"),
        ([], "required: ACTION"),
    ],
)
def test_wrong_arguments_exit_with_2(arguments, sentence):
    code, _, error = manage("events", *arguments)
    assert code == 2
    assert sentence in error
    assert "Traceback" not in error


# Hostile, and unreadable


def record(name, *new):
    with transaction.atomic():
        [stream] = lock(name)
        append(stream, list(new))


def test_nothing_that_is_stored_controls_the_terminal():
    record("account-\x1b[31m\n\u202e", Deposited("\x1b]0;title\x07\r\n#1", 1, 1))
    [line] = events("tail")
    assert not [one for one in line if ord(one) < 32 or one == "\u202e"]
    assert "\\u001b]0;title\\u0007\\u000d\\n#1" in line


def test_event_that_the_code_cannot_read_is_shown(log, settings):
    settings.EVENTS = ["tests.test_events_command"]
    last = events("tail")[-1]
    assert "This event cannot be read." in last
    assert "settings.EVENTS has no bank.WarnedOfLowBalance of version 1" in last
    [line] = events("show", str(log[0].id), "--json")
    assert json.loads(line)["data"]["amount"] == 10
    assert "This event cannot be read." in str(fails("stream", "account-a", "--as-python"))


# As Python


def made_from(text):
    """What the module makes of `given`."""
    names = {}
    exec(text, names)
    return names["given"]


def test_stream_as_the_given_events_of_a_test(log, tmp_path):
    execute(deposit, Deposit("a", 5))
    lines = events("stream", "account-a", "--as-python")
    assert lines[:4] == [
        "from tests.bank.events import Deposited, Withdrawn",
        "",
        "given = [",
        '    Deposited(account="a", amount=10, balance=10),',
    ]
    assert made_from("\n".join(lines)) == [event.data for event in read(account_stream("a"))]
    path = tmp_path / "given.py"
    path.write_text("\n".join(lines) + "\n")
    ruff = [sys.executable, "-m", "ruff", "format", "--isolated", "--check", str(path)]
    assert subprocess.run(ruff, capture_output=True).returncode == 0


def test_every_kind_of_field_as_python(settings):
    settings.EVENTS = ["tests.bank.events", __name__]
    east = timezone(timedelta(hours=5, minutes=30))
    new = [
        Everything(),
        Everything(
            HOSTILE,
            Decimal("1.50"),
            uuid4(),
            date(2024, 2, 29),
            datetime(2026, 1, 1, 12, 30, 0, 1, east),
            1e22,
            True,
            [HOSTILE, "\\", "'"],
            {"a": [1, None, {"b": "'\""}]},
        ),
    ]
    record("all", *new)
    assert made_from("\n".join(events("stream", "all", "--as-python"))) == new


@how(max_examples=200, deadline=None, derandomize=True, database=None)
@property_of(st.lists(st.builds(Everything, text=st.text(), names=st.lists(st.text()))))
def test_any_text_as_python(new):
    class Recorded:
        def __init__(self, data):
            self.data = data

    text = as_python(map(Recorded, new))
    text.encode()  # lone surrogates are escaped as well
    made = made_from(text)
    assert [[getattr(one, f.name) for f in fields(one)] for one in made] == [
        [getattr(one, f.name) for f in fields(one)] for one in new
    ]


# In a terminal, in a pipe, for a long time


def started(*arguments, **options):
    command = [sys.executable, "-u", "manage.py", "events", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment(), text=True, **options)


@pytest.mark.slow
def test_colours_are_for_terminals(log, monkeypatch):
    plain = events("tail")
    assert not any("\x1b" in line for line in plain)
    assert any("\x1b" in line for line in events("tail", force_color=True))
    terminal, other = os.openpty()
    try:
        with started("tail", "-n", "1", stdout=other, stderr=subprocess.PIPE) as process:
            process.wait(PATIENCE)
            assert b"\x1b[" in os.read(terminal, 10_000)
        _, out, _ = manage("events", "tail", "--no-color", "--force-color")
        assert "\x1b" not in out
    finally:
        os.close(terminal)
        os.close(other)


@pytest.mark.slow
def test_closed_pipe_ends_it_quietly(log):
    with started(
        "tail", "--follow", "-n", "1", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        execute(deposit, Deposit("a", 1))
        assert process.wait(PATIENCE) == -signal.SIGPIPE
        assert process.stderr.read() == ""


@pytest.mark.slow
def test_interrupt_ends_it_quietly(log):
    with started(
        "tail", "--follow", "-n", "1", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
        assert process.stderr.read() == ""


def test_follow_misses_nothing_that_commits_late(log):
    """It has its position first and commits last: a reader by last position would miss it."""
    began = moment()
    with started("tail", "--follow", "-n", "0", "--json", stdout=subprocess.PIPE) as process:
        seen = []
        try:
            until(lambda: asked_since(began, "pg_locks|position >"))
            with holding_an_event("late") as release:
                execute(deposit, Deposit("early", 1))
                # It has seen this one, and waits instead of showing it first.
                began = moment()
                until(lambda: asked_since(began, "pg_locks"))
                release.set()
            lines = in_time(process)
            while len(seen) < 2:
                seen.append(json.loads(next(lines))["data"]["account"])
        finally:
            process.kill()
    assert seen == ["late", "early"]


def moment():
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def asked_since(when, words):
    """Whether another session of this database has; other tests ask the same in theirs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND query_start > %s AND query ~ %s)",
            [when, words],
        )
        return cursor.fetchone()[0]


def in_time(process):
    """The lines that a process writes; it is ended when they do not come."""
    timer = threading.Timer(PATIENCE, process.kill)
    timer.start()
    try:
        yield from process.stdout
    finally:
        timer.cancel()


def holding_an_event(account):
    """A transaction that has appended and does not commit until it is told to."""
    appended, release = threading.Event(), threading.Event()

    def write():
        with transaction.atomic():
            [stream] = lock(account_stream(account))
            [event] = append(stream, [Deposited(account, 1, 1)])
            assert event.position  # it is given by the INSERT, which would wait for COMMIT
            appended.set()
            release.wait(PATIENCE)

    @contextmanager
    def held():
        with in_background(write):
            try:
                assert appended.wait(PATIENCE)
                yield release
            finally:
                release.set()

    return held()


def test_follow_goes_on_after_a_lost_connection(log):
    with started(
        "tail", "--follow", "-n", "1", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            process.stdout.readline()
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            assert "The database did not answer, trying again: " in process.stderr.readline()
            execute(deposit, Deposit("again", 1))
            assert "Deposited 1 in again" in process.stdout.readline()
        finally:
            process.kill()
