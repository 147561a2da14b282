"""What is wrong with a read model or the log, `manage.py verify` finds, and says since when."""

from collections.abc import Iterable
from contextlib import suppress
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, models

from cqrs_example.eventstore import Event, RecordedEvent, last_event
from cqrs_example.messaging import execute
from cqrs_example.projections import differences
from cqrs_example.projections import replay as replaying
from cqrs_example.projections.models import Run

from .bank.commands import Deposit, Withdraw, deposit, withdraw
from .bank.events import account_stream
from .bank.models import Account, DayOfWithdrawals, LowBalance
from .managing import manage
from .shapes import shape

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bank")]

ACCOUNTS = '"bank_account"'


def verify(*names):
    out = StringIO()
    call_command("verify", *names, stdout=out)
    return out.getvalue().splitlines()


def finds(*names):
    """What a verification says that ends with exit status 1."""
    out = StringIO()
    with pytest.raises(CommandError) as failure:
        call_command("verify", *names, stdout=out)
    assert failure.value.returncode == 1
    return out.getvalue().splitlines()


def ask(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def sql(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


@pytest.fixture(autouse=True)
def log():
    """Three accounts and a notification; a is at version 3 with 3."""
    execute(deposit, Deposit("a", 10))
    execute(deposit, Deposit("b", 20))
    execute(deposit, Deposit("c", 30))
    execute(withdraw, Withdraw("a", 2))
    execute(withdraw, Withdraw("a", 5))


@pytest.fixture
def damaged():
    """`damaged(sql)`: the log as only its owner can leave it, who puts trigger, constraints and
    sequence back as far as the damage lets him."""
    trigger = "TRIGGER eventstore_append_only"
    constraints = dict(
        ask(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid = 'eventstore_event'::regclass AND conname = ANY(%s)",
            ["eventstore_event_id", "eventstore_version", "eventstore_moments"],
        )
    )

    def take_away():
        sql(f"ALTER TABLE eventstore_event DISABLE {trigger}")
        sql("ALTER TABLE eventstore_event DISABLE TRIGGER eventstore_positions")
        for name in constraints:
            sql(f"ALTER TABLE eventstore_event DROP CONSTRAINT IF EXISTS {name}")

    def put_back():
        for name, definition in constraints.items():
            with suppress(IntegrityError):
                sql(f"ALTER TABLE eventstore_event ADD CONSTRAINT {name} {definition}")
        sql(f"ALTER TABLE eventstore_event ENABLE ALWAYS {trigger}")
        sql("ALTER TABLE eventstore_event ENABLE TRIGGER eventstore_positions")
        sql(
            "SELECT setval('eventstore_event_position_seq', max(position)) FROM eventstore_event"
            " HAVING max(position) > (SELECT last_value FROM eventstore_event_position_seq)"
        )

    def damage(statement, *parameters):
        take_away()
        sql(statement, *parameters)
        put_back()

    yield damage
    take_away()
    sql("DELETE FROM eventstore_event")
    put_back()
    sql(
        "SELECT setval('eventstore_event_position_seq', least(last_value, 900000))"
        " FROM eventstore_event_position_seq"
    )


def test_all_is_right():
    assert verify() == [
        "the log: 6 events in 4 streams are in order; funds held",
        "accounts: 3 rows agree with 6 events",
        "low_balances: 1 row agrees with 6 events",
        "withdrawals: 1 row agrees with 6 events",
    ]
    assert Run.objects.filter(action="verify", succeeded=True).count() == 4


def test_one_by_name():
    assert verify("accounts") == ["accounts: 3 rows agree with 6 events"]
    with pytest.raises(
        CommandError, match=r"There is no projection 'nope'\. There are: accounts, "
    ):
        verify("nope")


def test_empty(damaged):
    Account.objects.all().delete()
    LowBalance.objects.all().delete()
    DayOfWithdrawals.objects.all().delete()
    damaged("DELETE FROM eventstore_event")
    assert verify()[:2] == [
        "the log: 0 events in 0 streams are in order; funds held",
        "accounts: 0 rows agree with 0 events",
    ]


def test_takes_no_lock_and_changes_nothing():
    before = list(Account.objects.values_list())
    sql("BEGIN")
    sql("COMMIT")
    verify()
    assert list(Account.objects.values_list()) == before


# Read models


def test_row_as_it_was_at_an_earlier_version():
    stale = list(ago("account-a"))[1]
    Account.objects.filter(account="a").update(amount=8, changed_at=stale.occurred_at)
    first, second, *rest = finds("accounts")
    assert first == "accounts: 1 of 3 rows differs from 6 events"
    assert second.startswith(f"  {ACCOUNTS} a has amount 8, not 3, has changed_at ")
    assert second.endswith("; so it was at version 2 of account-a")
    assert rest == []


def ago(stream):
    from cqrs_example.eventstore import read

    return read(stream)


def test_row_that_never_was_so():
    Account.objects.filter(account="a").update(amount=77)
    Account.objects.create(account="z", amount=1, changed_at="2025-01-01T00:00Z")
    assert finds("accounts") == [
        "accounts: 2 of 4 rows differ from 6 events",
        f"  {ACCOUNTS} a has amount 77, not 3; no version ever looked so",
        f"  {ACCOUNTS} z should not be there; no version ever looked so",
    ]
    run = Run.objects.get()
    assert (run.projection, run.succeeded) == ("accounts", False)
    assert run.result.startswith("2 of 4 rows differ from 6 events")


def test_row_that_is_missing():
    Account.objects.filter(account="b").delete()
    assert finds("accounts")[1:] == [f"  {ACCOUNTS} b is missing; so it was before its first event"]


def test_rows_that_are_all_missing():
    Account.objects.all().delete()
    assert finds("accounts")[0] == "accounts: 3 of 3 rows differ from 6 events"


@pytest.fixture
def balances(shaped):
    """A read model whose rows are named by streams, as in docs/copying.md; up to date."""
    balance = shape(
        "Balance", account=models.TextField(primary_key=True), amount=models.BigIntegerField()
    )

    def project(events):
        for event in events:
            if event.stream.startswith("account-"):
                amount = event.data.balance
                balance.objects.update_or_create(account=event.stream, defaults={"amount": amount})

    shaped(project, balance)
    call_command("rebuild", "shaped", stdout=StringIO())
    return balance


def test_row_that_is_named_by_its_stream(balances):
    balances.objects.filter(account="account-a").update(amount=10)
    [_, finding] = finds("shaped")
    assert finding.endswith("has amount 10, not 3; so it was at version 1 of account-a")


@pytest.fixture
def total(shaped):
    """A read model of one row, which every event of a account changes; up to date."""
    table = shape("Total", name=models.TextField(primary_key=True), sum=models.BigIntegerField())

    def project(events):
        for event in events:
            if event.stream == "account-a" and event.version == 1:
                table.objects.create(name="all", sum=0)
            if event.stream.startswith("account-"):
                sql("SELECT 1 / count(*) FROM shapes_total")  # an error where the first is missing
                row = table.objects.get()
                row.sum += event.data.amount
                row.save()

    shaped(project, table)
    call_command("rebuild", "shaped", stdout=StringIO())
    return table


@pytest.mark.parametrize(
    ("name", "since"),
    [
        ("all", "so it was at version 1 of account-b"),
        ("account-c", "no version ever looked so"),  # this stream alone makes the projection raise
    ],
)
def test_row_that_its_own_events_do_not_explain(total, name, since):
    total.objects.update(name=name, sum=30)
    told = "has sum 30, not 67" if name == "all" else "account-c should not be there"
    assert any(f"{told}; {since}" in one for one in finds("shaped"))


def test_row_that_takes_a_replay_of_too_many_events_to_explain(total, monkeypatch):
    monkeypatch.setattr(differences, "AFFORDABLE", 5)
    total.objects.update(sum=30)
    [_, finding] = finds("shaped")
    sentence = "has sum 30, not 67; since when would take a replay of 6 events one by one"
    assert finding.endswith(sentence)


def test_item_of_the_to_do_list_that_was_not_closed():
    LowBalance.objects.update(warned_at=None)
    [_, finding] = finds("low_balances")
    assert " has warned_at None, not 20" in finding
    assert finding.endswith("; so it was at version 3 of account-a")


def test_many_rows_are_counted():
    for number in range(25):
        Account.objects.create(account=f"z{number:02}", amount=1, changed_at="2025-01-01T00:00Z")
    told = finds("accounts")
    assert told[0] == "accounts: 25 of 28 rows differ from 6 events"
    assert len(told) == 1 + 20


def test_small_batches_find_the_same(monkeypatch):
    monkeypatch.setattr(replaying, "FETCHED", 1)
    monkeypatch.setattr(replaying, "MOST_EVENTS", 2)
    assert verify()[1] == "accounts: 3 rows agree with 6 events"
    Account.objects.filter(account="a").update(amount=77)
    assert "no version ever looked so" in finds("accounts")[1]


# The log

MOVE = "UPDATE eventstore_event SET {} WHERE stream = 'account-a' AND version = 2"
COPY = """
    INSERT INTO eventstore_event (id, stream, version, type, schema_version, data,
        correlation_id, causation_id, metadata, recorded_at, occurred_at)
    SELECT {}, stream, {}, type, schema_version, data,
        correlation_id, causation_id, metadata, recorded_at, occurred_at
    FROM eventstore_event WHERE stream = 'account-a' AND version = 3
"""


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        (
            "DELETE FROM eventstore_event WHERE stream = 'account-a' AND version = 2",
            "  account-a: version 3 comes after version 1",
        ),
        (
            "DELETE FROM eventstore_event WHERE stream = 'account-a' AND version = 1",
            "  account-a: version 2 comes after version 0",
        ),
        (COPY.format("gen_random_uuid()", "3"), "  account-a: version 3 comes after version 3"),
        (
            MOVE.format("position = 1000000"),
            "  account-a: version 3 has a lower position than 2",
        ),
    ],
    ids=["gap", "no first", "version twice", "order"],
)
def test_versions_out_of_order(damaged, damage, finding):
    damaged(damage)
    told = finds()
    assert " finding" in told[0]
    assert finding in told


def test_event_that_is_there_twice(damaged):
    event = last_event(account_stream("a"))
    damaged(COPY.format("id", "4"))
    assert f"  event {event.id} is there 2 times" in finds()


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ("type = 'warehouse.Lost'", "settings.EVENTS has no warehouse.Lost of version 2"),
        (
            "schema_version = 9",
            "settings.EVENTS has no bank.Withdrawn of version 9",
        ),
    ],
)
def test_type_or_version_that_nobody_knows(damaged, change, finding):
    [_, event, _] = ago("account-a")
    damaged(MOVE.format(change))
    told = finds()
    assert f"  {finding}; the first is event {event.id}" in told
    assert "accounts: not done" in told  # it cannot be replayed, and says why
    assert any(f"Event {event.id} at position {event.position}: {finding}" in one for one in told)


def test_invariants_are_not_asked_where_a_type_is_unknown(damaged):
    damaged(MOVE.format("type = 'warehouse.Lost', position = 1000000"))
    told = finds()
    unasked = "invariants need every type known, and were not asked"
    assert told[0] == f"the log: 2 findings in 6 events; {unasked}"


def test_fields_that_do_not_fit(damaged):
    damaged(MOVE.format("data = data - 'amount', position = 1000000"))
    told = finds()
    assert told[0] == "the log: 2 findings in 6 events"
    assert told[1] == "  account-a: version 3 has a lower position than 2"
    assert "Withdrawn does not fit" in told[2]


def test_all_that_is_wrong_is_told_at_once(damaged):
    damaged("DELETE FROM eventstore_event WHERE stream = 'account-a' AND version = 2")
    assert finds()[:3] == [
        "the log: 2 findings in 5 events",
        "  account-a: version 3 comes after version 1",
        "  account-a: version 3 says 3, but the sum is 5",
    ]


def test_invariant_with_a_bug_is_told(settings):
    settings.INVARIANTS = {"funds": f"{__name__}.buggy_invariant"}
    assert finds()[:2] == ["the log: not done", "  KeyError: 'funds'"]
    assert verify("accounts") == ["accounts: 3 rows agree with 6 events"]
    assert not Run.objects.get(projection="").succeeded


def buggy_invariant(stream: Iterable[RecordedEvent[Event]]):
    raise KeyError("funds")


def test_project_without_invariants(settings):
    del settings.INVARIANTS
    call_command("check")
    assert verify()[0] == "the log: 6 events in 4 streams are in order"


def test_many_findings_are_counted(damaged):
    damaged("SELECT")
    for number in range(25):
        copy = COPY.format("gen_random_uuid()", "9")
        sql(copy.replace("stream, 9", f"'lost-{number:02}', 9"))
    told = finds()
    assert told[0] == "the log: 75 findings in 31 events"
    assert told[20:22] == ["  lost-19: version 9 comes after version 0", "  and 5 more"]
    assert told[22].startswith("  lost-00: version 9 says 3, but the sum is ")


def test_negative_amount_is_told_like_all_that_differs(damaged):
    set_to = "data = jsonb_set(data, '{balance}', '-3')"
    damaged(MOVE.replace("version = 2", "version = 3").format(set_to))
    Account.objects.filter(account="b").update(amount=77)
    told = finds()
    assert told[:3] == [
        "the log: 2 findings in 6 events",
        "  account-a: version 3 says -3, but the sum is 3",
        "  account-a: version 3 leaves -3, less than nothing",
    ]
    assert "accounts: 2 of 3 rows differ from 6 events" in told
    assert f"  {ACCOUNTS} a has amount 3, not -3; no version ever looked so" in told
    assert f"  {ACCOUNTS} b has amount 77, not 20; no version ever looked so" in told


@pytest.mark.parametrize(
    ("change", "findings"),
    [
        (
            "{amount}",
            [
                "  account-a: version 2 says 8, but the sum is -90",
                "  account-a: version 3 says 3, but the sum is 3",
            ][:1],
        ),
        (
            "{balance}",
            [
                "  account-a: version 2 says 100, but the sum is 8",
                "  account-a: version 3 says 3, but the sum is 95",
            ],
        ),
    ],
)
def test_invariants_of_the_warehouse(damaged, change, findings):
    damaged(MOVE.format(f"data = jsonb_set(data, '{change}', '100')"))
    told = finds()
    assert [one for one in told if "the sum is" in one] == findings


def test_command_line_exits_with_1_and_no_traceback():
    Account.objects.filter(account="a").update(amount=77)
    code, out, error = manage("verify", "accounts")
    assert code == 1
    assert "a has amount 77, not 3" in out
    assert error == "CommandError: 1 failed.\n"
