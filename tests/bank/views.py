from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cqrs_example.eventstore import last_event
from cqrs_example.http import (
    REFUSALS,
    BadInput,
    as_json,
    context,
    done,
    endpoint,
    refused,
    wants_html,
    whole_number,
)
from cqrs_example.messaging import execute

from . import commands
from .events import account_stream
from .models import Account, LowBalance


@endpoint("GET", "HEAD")
def accounts(request: HttpRequest) -> HttpResponse:
    found = Account.objects.order_by("account")
    if wants_html(request):
        return render(request, "bank/accounts.html", {"accounts": found})
    return as_json(list(found.values("account", "amount")))


@endpoint("GET", "HEAD")
def account(request: HttpRequest, account: str) -> HttpResponse:
    last = last_event(account_stream(account))
    if wants_html(request):
        return render(request, "bank/account.html", {"account": account, "last": last})
    if last is None:
        raise BadInput(f"There is no account {account}: it begins with a deposit.", 404)
    found = {"account": account, "amount": last.data.balance, "version": last.version}
    return as_json(found)


@endpoint("GET", "HEAD")
def low_balances(request: HttpRequest) -> HttpResponse:
    found = LowBalance.objects.order_by("-requested_at")
    if wants_html(request):
        return render(request, "bank/low_balances.html", {"low_balances": found})
    return as_json(list(found.values("account", "amount", "requested_at", "warned_at")))


@endpoint("POST", fields=["amount"])
def deposit(request: HttpRequest, account: str) -> HttpResponse:
    return _carry_out(request, account, commands.deposit, commands.Deposit)


@endpoint("POST", fields=["amount"])
def withdraw(request: HttpRequest, account: str) -> HttpResponse:
    return _carry_out(request, account, commands.withdraw, commands.Withdraw)


def _carry_out(
    request: HttpRequest, account: str, handler: Callable[..., Any], command: Callable[..., Any]
) -> HttpResponse:
    page = {"account": account, "last": lambda: last_event(account_stream(account))}
    try:
        wish = command(account, whole_number(request, "amount", least=1))
        events = execute(handler, wish, context(request))
    except REFUSALS as error:
        return refused(request, error, "bank/refused.html", page)
    return done(request, events, lambda event: f"{event}.")
