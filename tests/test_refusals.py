"""Commands that were refused or have failed are kept for a while, and never in the way."""

import json
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, connection
from django.utils import timezone

from cqrs_example.eventstore import read_all
from cqrs_example.in_memory.log import Log
from cqrs_example.inspection import refusals
from cqrs_example.inspection.models import RefusedCommand
from cqrs_example.messaging import CommandIdReused, Context, DomainError, execute

from .bank.commands import Deposit, Withdraw, deposit, withdraw

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bank")]


@dataclass(frozen=True)
class LogIn:
    account: str
    password: str


def broken(tx, command: LogIn):
    raise ValueError("first line\nsecond line")


def refuse(account="ann", amount=7, **context):
    with pytest.raises(DomainError):
        execute(withdraw, Withdraw(account, amount), Context(**context))


def test_refused_command_is_kept():
    context = Context(actor="clerk", correlation_id=uuid4())
    with pytest.raises(DomainError):
        execute(withdraw, Withdraw("ann", 7, "SO-1"), context)
    [row] = RefusedCommand.objects.all()
    assert (row.kind, row.command, row.actor) == ("refused", "Withdraw", "clerk")
    assert row.fields == {"account": "ann", "amount": 7, "reference": "SO-1"}
    assert row.reason == "Insufficient funds."
    assert (row.command_id, row.correlation_id) == (context.command_id, context.correlation_id)
    assert timezone.now() - row.at < timedelta(minutes=1)
    assert list(read_all()) == []


def test_failed_command_is_kept_without_secrets_and_in_one_line():
    with pytest.raises(ValueError, match="second line"):
        execute(broken, LogIn("ann", "hunter2"))
    [row] = RefusedCommand.objects.all()
    assert (row.kind, row.reason) == ("failed", "ValueError: first line")
    assert row.fields == {"account": "ann"}


def test_command_that_the_database_refuses_is_kept():
    def handle(tx, command: Deposit):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    with pytest.raises(DatabaseError):
        execute(handle, Deposit("ann", 1))
    [row] = RefusedCommand.objects.all()
    assert (row.kind, row.reason) == ("failed", "DataError: division by zero")


def test_repetition_is_no_refusal_and_another_command_under_its_id_is_one():
    context = Context()
    execute(deposit, Deposit("ann", 7), context)
    execute(deposit, Deposit("ann", 7), context)
    assert not RefusedCommand.objects.exists()
    with pytest.raises(CommandIdReused):
        execute(deposit, Deposit("ann", 8), context)
    assert RefusedCommand.objects.get().kind == "refused"


def test_answer_is_the_same_where_nothing_can_be_kept():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE inspection_refusedcommand RENAME TO gone")
    refuse()
    execute(deposit, Deposit("ann", 7))
    assert len(list(read_all())) == 1


def test_command_that_cannot_be_written_is_kept_without_its_fields():
    with pytest.raises(ValueError, match="cannot be written"):
        execute(deposit, Deposit("a\ud800", 7), Context(actor="x\0"))
    row = RefusedCommand.objects.get()
    assert (row.fields, row.actor) == ({}, "x\\0")


def test_nothing_of_a_log_in_memory():
    with pytest.raises(DomainError):
        execute(withdraw, Withdraw("ann", 7), log=Log())
    assert not RefusedCommand.objects.exists()


def test_trimmed_by_age_and_by_number(settings, monkeypatch):
    monkeypatch.setattr(refusals, "TRIMMED_EVERY", 1)
    settings.REFUSALS_KEPT, settings.REFUSALS_KEPT_DAYS = 3, 30
    for amount in range(1, 6):
        refuse(amount=amount)
    kept = RefusedCommand.objects.order_by("id")
    assert [row.fields["amount"] for row in kept] == [3, 4, 5]
    RefusedCommand.objects.filter(fields__amount=4).update(at=timezone.now() - timedelta(days=31))
    settings.REFUSALS_KEPT = 100
    refuse(amount=6)
    assert [row.fields["amount"] for row in kept.all()] == [3, 5, 6]


def test_admin_lists_finds_and_counts_them(client):
    client.force_login(User.objects.create_superuser("boss"))
    refuse(actor="clerk", amount=7)
    refuse(actor="robot<b>", amount=8)
    address = "/admin/inspection/refusedcommand/"
    page = client.get(address).content.decode()
    assert page.index("robot&lt;b&gt;") < page.index("clerk")
    assert "Insufficient funds." in page
    [row] = client.get(address, {"q": "clerk"}).context["rows"]
    assert row.fields["amount"] == 7
    for q in (str(row.command_id), str(row.correlation_id)):
        assert client.get(address, {"q": q}).context["rows"] == [row]
    assert len(client.get(address, {"q": "Withdraw"}).context["rows"]) == 2
    assert client.get(address, {"q": "failed"}).context["rows"] == []
    overview = client.get("/admin/eventstore/storedevent/overview/")
    assert overview.context["refusals"] == {("Withdraw", "refused"): 2}
    assert client.get(f"{address}{row.pk}/change/").status_code == 404
    assert client.post(address).status_code == 403


def test_command_line_tells_them():
    refuse(actor="clerk\n", amount=7)
    out = StringIO()
    call_command("events", "refused", stdout=out)
    line, counted = out.getvalue().splitlines()
    assert r"clerk\n" in line
    assert 'Withdraw {"amount": 7, "account": "ann"} refused: Insufficient funds.' in line
    assert counted == "in the last 24 hours refused: 1 Withdraw"
    out = StringIO()
    call_command("events", "refused", "Withdraw", "--json", stdout=out)
    assert json.loads(out.getvalue())["reason"] == "Insufficient funds."


def test_what_surrounds_commands_must_be_there(settings):
    settings.AROUND_COMMANDS = ["cqrs_example.inspection.refusals.gone"]
    with pytest.raises(SystemCheckError, match=r"settings.AROUND_COMMANDS: .* does not define"):
        call_command("check")
