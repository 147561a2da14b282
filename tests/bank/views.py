"""What the bank answers, to programs and to people."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from cqrs_example.eventstore import last_event
from cqrs_example.http import (
    REFUSALS,
    BadInput,
    as_json,
    as_json_list,
    context,
    done,
    endpoint,
    refused,
    text,
    visible,
    wants_html,
    whole_number,
)
from cqrs_example.messaging import execute

from . import commands
from .events import account_stream
from .models import Account, LowBalance


def named(account: str) -> str:
    """The account's name in its one spelling; not one that an address spells in a second way."""
    if "%" in account:
        raise BadInput('The account has a "%".')
    return visible(account, "account", 64)


@endpoint("GET", "HEAD")
def accounts(request: HttpRequest) -> HttpResponseBase:
    found = Account.objects.order_by("account")
    if wants_html(request):
        return render(request, "bank/accounts.html", {"accounts": found})
    return as_json_list(request, found.values("account", "amount"))


@endpoint("GET", "HEAD")
def account(request: HttpRequest, account: str) -> HttpResponse:
    account = named(account)
    last = last_event(account_stream(account))
    if wants_html(request):
        return render(request, "bank/account.html", {"account": account, "last": last})
    if last is None:
        raise BadInput(f"There is no account {account}: it begins with a deposit.", 404)
    return as_json({"account": account, "amount": last.data.balance, "version": last.version})


@endpoint("GET", "HEAD")
def low_balances(request: HttpRequest) -> HttpResponseBase:
    found = LowBalance.objects.order_by("-requested_at")
    if wants_html(request):
        return render(request, "bank/low_balances.html", {"low_balances": found})
    fields = ("account", "amount", "requested_at", "warned_at")
    return as_json_list(request, found.values(*fields))


@endpoint("POST", fields=["amount"])
def deposit(request: HttpRequest, account: str) -> HttpResponse:
    def command(account: str) -> commands.Deposit:
        return commands.Deposit(account, whole_number(request, "amount", 1))

    return _carry_out(request, account, commands.deposit, command, "bank/deposit.html")


@endpoint("POST", fields=["amount", "reference"])
def withdraw(request: HttpRequest, account: str) -> HttpResponse:
    def command(account: str) -> commands.Withdraw:
        amount = whole_number(request, "amount", 1)
        return commands.Withdraw(account, amount, text(request, "reference", 64, "not given"))

    return _carry_out(request, account, commands.withdraw, command, "bank/withdraw.html")


def _carry_out(
    request: HttpRequest,
    account: str,
    handler: Callable[..., Any],
    command: Callable[[str], Any],
    form: str,
) -> HttpResponse:
    account = named(account)
    page = {"account": account, "last": lambda: last_event(account_stream(account)), "form": form}
    try:
        events = execute(handler, command(account), context(request))
    except REFUSALS as error:
        return refused(request, error, "bank/refused.html", page)
    return done(request, events, lambda event: f"{event}.")
