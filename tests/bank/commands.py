"""Deposit and withdraw; and the policy that warns, with the command that it issues."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from django.db import transaction

from cqrs_example.eventstore import RecordedEvent
from cqrs_example.messaging import DomainError, Transaction

from .events import Deposited, WarnedOfLowBalance, Withdrawn, account_stream, warning_stream

logger = logging.getLogger(__name__)
LOW = 5
MOST = 2**63 - 1


@dataclass(frozen=True)
class Deposit:
    account: str
    amount: int


@dataclass(frozen=True)
class Withdraw:
    account: str
    amount: int
    reference: str = "not given"


@dataclass(frozen=True)
class WarnOfLowBalance:
    account: str
    balance: int


def deposit(tx: Transaction, command: Deposit) -> list[RecordedEvent[Deposited]]:
    [account] = tx.lock(account_stream(command.account))
    balance = account.last.data.balance if account.last else 0
    if balance + command.amount > MOST:
        raise DomainError(f"There cannot be more than {MOST:,} in an account.")
    event = Deposited(command.account, command.amount, balance + command.amount)
    return tx.append(account, [event])


def withdraw(tx: Transaction, command: Withdraw) -> list[RecordedEvent[Withdrawn]]:
    [account] = tx.lock(account_stream(command.account))
    left = (account.last.data.balance if account.last else 0) - command.amount
    if left < 0:
        raise DomainError("Insufficient funds.", field="amount")
    return tx.append(account, [Withdrawn(command.account, command.amount, left, command.reference)])


def warn(tx: Transaction, command: WarnOfLowBalance) -> list[RecordedEvent[WarnedOfLowBalance]]:
    [warnings] = tx.lock(warning_stream(command.account))
    warning = f"Low balance of {command.account}! {command.balance} left."
    transaction.on_commit(partial(logger.warning, "%s", warning), robust=True)
    return tx.append(warnings, [WarnedOfLowBalance(command.account, command.balance)])


def warn_when_low(
    tx: Transaction, event: RecordedEvent[Withdrawn]
) -> Sequence[RecordedEvent[WarnedOfLowBalance]]:
    """A policy: whenever a withdrawal leaves little, warn."""
    account, left = event.data.account, event.data.balance
    return tx.execute(warn, WarnOfLowBalance(account, left)) if left <= LOW else []
