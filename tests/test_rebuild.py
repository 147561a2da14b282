"""Read models are rebuilt while the application runs; a rebuild that fails changes nothing."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from functools import partial
from io import StringIO
from itertools import count
from types import ModuleType

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from cqrs_example.eventstore import Event, RecordedEvent, last_event, read_all
from cqrs_example.eventstore.log import APPEND_LOCK
from cqrs_example.eventstore.models import StoredEvent
from cqrs_example.messaging import execute
from cqrs_example.operations import waiting
from cqrs_example.projections import rebuild as rebuilding
from cqrs_example.projections import replay as replaying
from cqrs_example.projections.models import Run
from cqrs_example.projections.tables import temporary_tables

from .bank.commands import Deposit, Withdraw, deposit, withdraw
from .bank.events import account_stream
from .bank.models import Account, DayOfWithdrawals, LowBalance
from .listeners import hearing
from .managing import environment
from .racing import PATIENCE, all_at_once, holding, in_background, until, waiting_for
from .serving import ROOT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bank")]

TODO = "low_balances"


def rebuild(*names, **options):
    out = StringIO()
    try:
        call_command("rebuild", *names, stdout=out, **options)
    except CommandError:
        print(out.getvalue())
        raise
    return out.getvalue()


def balances():
    return dict(Account.objects.values_list("account", "amount"))


def rows(model):
    return sorted(model.objects.values_list())


def spoil():
    """Every kind of damage: a wrong row, a missing one, one too many."""
    Account.objects.filter(account="a").update(amount=99)
    Account.objects.filter(account="b").delete()
    Account.objects.create(account="z", amount=5, changed_at="2025-01-01T00:00Z")
    return balances()


@pytest.fixture
def log():
    """What made the live tables, and how they looked then."""
    execute(deposit, Deposit("a", 10))
    execute(deposit, Deposit("b", 20))
    execute(withdraw, Withdraw("a", 7))
    return {"a": 3, "b": 20}


def temporary_tables_anywhere():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relpersistence = 't'")
        return cursor.fetchone()[0]


def test_makes_the_live_table_what_the_log_says(log):
    before = rows(Account)
    spoil()
    assert rebuild("accounts").startswith("accounts: rebuilt from the log: 3 rows changed,")
    assert rows(Account) == before
    until(lambda: temporary_tables_anywhere() == 0)  # they go when the session has ended


def written():
    """Where Postgres keeps each row, and which transaction wrote it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT account, ctid::text, xmin::text FROM bank_account")
        return sorted(cursor.fetchall())


def test_does_not_touch_what_is_right(log):
    before = written()
    assert "0 rows changed" in rebuild("accounts")
    assert written() == before


def test_empty_log():
    Account.objects.create(account="z", amount=5, changed_at="2025-01-01T00:00Z")
    assert "1 row changed" in rebuild("accounts")
    assert balances() == {}


def test_all_and_several(log):
    todo = rows(LowBalance)
    assert len(todo) == 1
    spoil()
    LowBalance.objects.all().delete()
    lines = rebuild(all=True).splitlines()
    assert [line.split(":")[0] for line in lines] == ["accounts", TODO, "withdrawals"]
    assert balances() == log
    assert rows(LowBalance) == todo


def test_policies_are_not_replayed(log, caplog):
    events = list(read_all())
    rebuild(all=True)
    assert list(read_all()) == events
    assert caplog.messages.count("Low balance of a! 3 left.") == 0


@pytest.mark.parametrize(("limit", "most"), [("MOST_EVENTS", 3), ("MOST_TEXT", 1)])
def test_batch_has_so_many_events_or_so_much_text(log, monkeypatch, limit, most):
    monkeypatch.setattr(replaying, "FETCHED", 1)
    monkeypatch.setattr(replaying, limit, most)
    module = replaying.projection("accounts")
    with temporary_tables(module):
        sizes = [size for size, _ in replaying.replay(module)]
    assert sum(sizes) == 3  # what the projection hears; the notification is not for it
    assert max(sizes) == most


def test_small_batches_give_the_same(log, monkeypatch):
    for amount in range(1, 30):
        execute(deposit, Deposit(f"p{amount % 7}", amount))
    before = rows(Account)
    monkeypatch.setattr(replaying, "FETCHED", 1)
    monkeypatch.setattr(replaying, "MOST_EVENTS", 3)
    monkeypatch.setattr(replaying, "FEW", 5)
    spoil()
    rebuild("accounts")
    assert rows(Account) == before


def test_runs_are_kept(log):
    rebuild("accounts")
    with pytest.raises(CommandError), Locked("accounts"):
        rebuild("accounts")
    good, bad = Run.objects.order_by("id")
    assert (good.projection, good.action, good.succeeded) == ("accounts", "rebuild", True)
    assert good.started_at <= good.finished_at
    assert good.result.startswith("rebuilt from the log: 0 rows changed")
    assert not bad.succeeded
    assert bad.result == "not done Another rebuild of accounts is at work. Nothing was done."


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ([], "Say which projections to rebuild, or --all. There are: accounts, " + TODO),
        (["nope"], "There is no projection 'nope'. There are: accounts, " + TODO),
        (["accounts", "nope"], "There is no projection 'nope'."),
    ],
)
def test_wrong_names_do_nothing(log, names, sentence):
    spoiled = spoil()
    with pytest.raises(CommandError) as failure:
        rebuild(*names)
    assert sentence in str(failure.value)
    assert balances() == spoiled


class Locked:
    """Somebody else's session at work on a projection."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        self.connection = connection.copy()
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_lock(hashtext('rebuild'), hashtext(%s))", [self.name]
            )

    def __exit__(self, *error):
        # By itself: the server notices the end of a session later than the next rebuild begins.
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock_all()")
        self.connection.close()


def test_second_rebuild_of_the_same_says_so_and_stops(log):
    spoiled = spoil()
    with Locked("accounts"):
        with pytest.raises(CommandError):
            rebuild("accounts")
        assert balances() == spoiled
        rebuild(TODO)  # another projection is free
    rebuild("accounts")
    assert balances() == log


def listener(monkeypatch, settings, name, project, models=()):
    module = ModuleType(name)
    module.project = hearing(project, Sequence[RecordedEvent[Event]])
    module.MODELS = models
    monkeypatch.setitem(sys.modules, name, module)
    settings.PROJECTIONS = {**settings.PROJECTIONS, name: name}


@pytest.mark.parametrize(
    "write",
    [
        lambda: Account.objects.create(account="q", amount=1, changed_at="2025-01-01T00:00Z"),
        lambda: Account.objects.filter(account="a").update(amount=77),
        lambda: Account.objects.filter(account="a").delete(),
    ],
    ids=["insert", "update", "delete"],
)
def test_projection_that_writes_to_what_it_did_not_declare(log, monkeypatch, settings, write):
    before = rows(Account)
    listener(monkeypatch, settings, "stray", lambda events: write())
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("rebuild", "stray", stdout=out)
    told = 'stray writes to "bank_account", which is not a table of its MODELS.'
    assert told in out.getvalue()
    assert rows(Account) == before


def test_projection_that_raises_changes_nothing(log, monkeypatch, settings):
    def project(events):
        Account.objects.all().delete()
        raise replaying.Unreplayable("It cannot be.")

    listener(monkeypatch, settings, "raising", project, [Account])
    with pytest.raises(CommandError):
        rebuild("raising")
    assert balances() == log


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (lambda: {"b": 1}["a"], "KeyError: 'a'"),
        (lambda: Account.objects.create(account="a"), "IntegrityError: null value in"),
    ],
    ids=["Python", "database"],
)
def test_projection_with_a_bug_is_named_with_the_events(log, monkeypatch, settings, failure, told):
    def project(events):
        Account.objects.all().delete()
        if any(event.version == 2 for event in events):
            failure()

    monkeypatch.setattr(replaying, "FETCHED", 1)
    monkeypatch.setattr(replaying, "MOST_EVENTS", 1)
    listener(monkeypatch, settings, "buggy", project, [Account])
    position = last_event(account_stream("a")).position
    for action in ("rebuild", "verify"):
        out = StringIO()
        with pytest.raises(CommandError, match=r"1 failed\."):
            call_command(action, "buggy", stdout=out)
        first, second = out.getvalue().splitlines()
        assert first == "buggy: not done"
        assert second.startswith(f"  buggy raised {told}")
        assert second.endswith(f" (at the events from position {position} to {position}).")
        run = Run.objects.get(action=action)
        assert (run.projection, run.succeeded) == ("buggy", False)
        assert told in run.result
    assert balances() == log


def test_event_that_cannot_be_read_stops_with_its_id(log, settings):
    spoiled = spoil()
    event = last_event(account_stream("b"))
    out = StringIO()
    settings.EVENTS = ["tests.listeners"]
    with pytest.raises(CommandError):
        call_command("rebuild", "accounts", stdout=out)
    first = f"Event {event.id} at position {event.position}"
    assert "settings.EVENTS has no bank.Deposited of version 1" in out.getvalue()
    assert first not in out.getvalue()  # it stops at the first, which is that of a
    assert balances() == spoiled


def test_table_that_is_not_there(log):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE bank_account RENAME TO elsewhere")
    try:
        out = StringIO()
        with pytest.raises(CommandError):
            call_command("rebuild", "accounts", stdout=out)
        assert 'There is no table "bank_account": run `manage.py migrate`' in out.getvalue()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO bank_account")


def test_projection_that_was_added_later_is_filled_from_history(log):
    DayOfWithdrawals.objects.all().delete()
    rebuild("withdrawals")
    [row] = DayOfWithdrawals.objects.all()
    assert (row.account, row.amount, row.withdrawals) == ("a", 7, 1)
    DayOfWithdrawals.objects.create(account="a", day="2020-01-01", amount=1, withdrawals=1)
    assert "1 row changed" in rebuild("withdrawals")
    assert DayOfWithdrawals.objects.get() == row  # the same row, under its own number


# While others work


WRITING = "SELECT pg_advisory_xact_lock_shared({}, {})".format(*APPEND_LOCK)


def last_position():
    """In place of the settled one, which would wait for the writer before the rebuild does."""
    return StoredEvent.objects.latest("position").position


def test_gives_up_the_queue_and_tries_again(log, monkeypatch):
    """A long transaction must not make all who come later wait behind the rebuild."""
    monkeypatch.setattr(rebuilding, "PAUSE", 0.01)
    spoil()
    tries = []
    compared = rebuilding._compared

    def counted(*arguments):
        tries.append(1)
        return compared(*arguments)

    monkeypatch.setattr(rebuilding, "_compared", counted)
    monkeypatch.setattr(waiting, "settled_position", last_position)
    with holding(WRITING) as (_, release), in_background(partial(rebuild, "accounts")) as job:
        until(lambda: len(tries) > 2)  # it waited, gave up, and waited again
        execute(deposit, Deposit("a", 1))  # comes through meanwhile
        release.set()
        job.result(PATIENCE)
    assert balances() == {"a": 4, "b": 20}


def test_log_that_is_never_free(log, monkeypatch):
    monkeypatch.setattr(rebuilding, "PAUSE", 0.01)
    monkeypatch.setattr(rebuilding, "TRIES", 2)
    monkeypatch.setattr(waiting, "settled_position", last_position)
    spoiled = spoil()
    out = StringIO()
    with holding(WRITING), pytest.raises(CommandError):
        call_command("rebuild", "accounts", stdout=out)
    assert "Nothing was changed; try again later." in out.getvalue()
    assert balances() == spoiled


@pytest.mark.parametrize("action", ["rebuild", "verify"])
def test_waiting_for_a_long_transaction_is_told(log, monkeypatch, capsys, action):
    monkeypatch.setattr(waiting, "LONG", 0.05)
    job = partial(call_command, action, "accounts", stdout=StringIO())
    told = []
    with holding(WRITING) as (_, release), in_background(job) as done:
        until(lambda: told.append(capsys.readouterr().err) or "".join(told))
        release.set()
        done.result(PATIENCE)
    sentence = "accounts: waiting for a transaction that writes to the log and does not end\n"
    assert "".join(told) == sentence


def test_rebuilds_under_writers_and_readers(log):
    """Nothing wrong is refused or seen, nothing locks up, and the end is what a replay gives.

    For longer than the suite has time: REBUILD_SECONDS=30 make test ARGS="-k under_writers".
    """
    end = time.monotonic() + float(os.environ.get("REBUILD_SECONDS", 2))
    ended = threading.Event()
    seen = []

    def write(number):
        account = f"w{number % 3}"
        for amount in count(1):
            execute(deposit, Deposit(account, amount))
            execute(withdraw, Withdraw(account, 1))
            if ended.is_set():
                return

    def look():
        while not ended.is_set():
            seen.append(balances())

    def rebuild_all():
        try:
            while True:
                rebuild("accounts")
                rebuild(TODO)
                if time.monotonic() > end:
                    break
        finally:
            ended.set()

    all_at_once([*[partial(write, n) for n in range(8)], look, look, rebuild_all])
    assert all(one["a"] == 3 and one["b"] == 20 for one in seen)  # never half a table
    totals = [sum(one.values()) for one in seen]
    assert min(totals) >= 23
    before = rows(Account), rows(LowBalance)
    rebuild(all=True)
    assert (rows(Account), rows(LowBalance)) == before


# Bit by bit, where many rows differ


MANY = [f"m{number:02}" for number in range(12)]


REBUILDING = "locktype = 'advisory' AND classid = hashtext('rebuild')::oid"


@pytest.fixture
def many(log, monkeypatch):
    """More wrong rows than are repaired at once; how it should be."""
    for account in MANY:
        execute(deposit, Deposit(account, 50))
    right = balances()
    Account.objects.filter(account__in=MANY[:-1]).update(amount=1)
    Account.objects.filter(account=MANY[-1]).delete()
    Account.objects.create(account="z", amount=5, changed_at="2025-01-01T00:00Z")
    monkeypatch.setattr(rebuilding, "AT_ONCE", 5)
    return right


def wrong(right):
    """How many rows are not as they should be."""
    live = balances()
    return sum(live.get(one) != right.get(one) for one in {*live, *right})


def after_each_part(monkeypatch, then):
    """Call `then`, elsewhere, with the rows of each transaction that repairs some; None: all."""
    repaired = rebuilding._repaired

    def observed(work, parts):
        held_up = repaired(work, parts)
        with in_background(partial(then, [part for _, part in parts])):  # not in its session
            return held_up

    monkeypatch.setattr(rebuilding, "_repaired", observed)


def test_commands_go_on_between_the_parts(many, monkeypatch):
    left, parts = [], []

    def another_command(rows):
        parts.append(rows)
        left.append(wrong(many))
        execute(deposit, Deposit(f"new{len(parts)}", 7))
        many[f"new{len(parts)}"] = 7

    after_each_part(monkeypatch, another_command)
    assert ": 13 rows changed," in rebuild("accounts")
    assert parts == [[range(5)], [range(5, 10)], [range(10, 15)]]
    assert left == [8, 3, 0]
    assert balances() == many


def test_commands_go_on_while_rows_are_compared(many, monkeypatch):
    compare = rebuilding.compare

    def slowly(table):
        with in_background(partial(execute, deposit, Deposit("a", 40))):
            pass
        return compare(table)

    monkeypatch.setattr(rebuilding, "compare", slowly)
    rebuild("accounts")
    assert balances() == {**many, "a": 3 + 2 * 40}


@pytest.mark.parametrize("at_once", [1, 5])
def test_exact_while_others_write_to_the_same_rows(many, monkeypatch, at_once):
    monkeypatch.setattr(rebuilding, "AT_ONCE", at_once)
    ended = threading.Event()
    written = count()

    def write(number):
        for nth in count(number):
            execute(deposit, Deposit(MANY[nth % len(MANY)], 60))
            execute(withdraw, Withdraw(MANY[nth % len(MANY)], 50))
            execute(deposit, Deposit(f"n{next(written)}", 7))
            if ended.is_set():
                return

    def repair():
        try:
            for _ in range(3):
                Account.objects.filter(account__in=MANY).update(amount=3)
                rebuild("accounts")
        finally:
            ended.set()

    all_at_once([repair, *[partial(write, number) for number in range(4)]])
    out = StringIO()
    call_command("verify", "accounts", stdout=out)
    assert "rows agree with" in out.getvalue()


def test_killed_between_two_parts(many, monkeypatch):
    def kill(rows):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE {REBUILDING}")

    with monkeypatch.context() as patched:
        after_each_part(patched, kill)
        with pytest.raises(CommandError):
            rebuild("accounts")
    assert wrong(many) == 8  # each row is as it was, or right
    until(lambda: temporary_tables_anywhere() == 0)
    until(lambda: "8 rows changed" in rebuild("accounts"))
    assert balances() == many


def test_rows_that_others_go_on_to_get_wrong(many, monkeypatch):
    """As an older version of the code does that is still at work: the last word is all at once."""
    parts = []

    def spoil_again(rows):
        parts.append(rows)
        if rows != [None]:
            Account.objects.filter(account="a").update(amount=90 + len(parts))

    after_each_part(monkeypatch, spoil_again)
    rebuild("accounts")
    assert [rows == [None] for rows in parts] == [False] * 5 + [True]
    assert balances() == many


def test_row_that_somebody_holds(log, monkeypatch):
    """What was replayed in the transaction that gave up is replayed again."""
    monkeypatch.setattr(rebuilding, "PAUSE", 0.01)
    spoil()
    reached, deposits = rebuilding.reached, []

    def after_a_deposit(*place, **held):
        deposits.append(f"c{len(deposits)}")
        with in_background(partial(execute, deposit, Deposit(deposits[-1], 1))):
            pass
        return reached(*place, **held)

    monkeypatch.setattr(rebuilding, "reached", after_a_deposit)
    row, job = (
        "SELECT FROM bank_account WHERE account = 'a' FOR UPDATE",
        partial(rebuild, "accounts"),
    )
    with holding(row) as (_, release), in_background(job) as done:
        until(lambda: len(deposits) > 2)
        release.set()
        done.result(PATIENCE)
    assert balances() == {**log, **dict.fromkeys(deposits, 1)}


# Killed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "lock"),
    [
        ("eventstore_event", "ACCESS EXCLUSIVE"),  # while it replays
        ("bank_account", "EXCLUSIVE"),  # while it repairs
    ],
)
@pytest.mark.parametrize("kill", ["process", "backend"])
def test_killed(log, table, lock, kill):
    spoiled = spoil()
    with holding(f"LOCK TABLE {table} IN {lock} MODE") as (holder, _):
        process = subprocess.Popen(
            [sys.executable, "manage.py", "rebuild", "accounts"],
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        [victim] = until(lambda: waiting_for(holder))
        if kill == "process":
            process.send_signal(signal.SIGKILL)
        else:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s)", [victim])
        out, error = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert "Traceback" not in out + error
    if kill == "backend":
        assert "accounts: not done\n  " in out
        assert "connection" in out
    until(lambda: temporary_tables_anywhere() == 0)
    assert balances() == spoiled
    until(lambda: "3 rows changed" in rebuild("accounts"))
    assert balances() == log
