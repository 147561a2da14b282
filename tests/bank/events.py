"""What happens in the bank. Each event of an account carries the outcome, its balance."""

from dataclasses import dataclass
from typing import Any, ClassVar

from cqrs_example.eventstore import StreamName


@dataclass(frozen=True, slots=True)
class Deposited:
    type: ClassVar[str] = "bank.Deposited"
    schema_version: ClassVar[int] = 1

    account: str
    amount: int
    balance: int

    def __str__(self) -> str:
        return f"Deposited {self.amount} in {self.account}, {self.balance} there"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    type: ClassVar[str] = "bank.Withdrawn"
    schema_version: ClassVar[int] = 2

    account: str
    amount: int
    balance: int
    reference: str

    def __str__(self) -> str:
        return f"Withdrew {self.amount} from {self.account}, {self.balance} left"


@dataclass(frozen=True, slots=True)
class WarnedOfLowBalance:
    type: ClassVar[str] = "bank.WarnedOfLowBalance"
    schema_version: ClassVar[int] = 1

    account: str
    balance: int

    def __str__(self) -> str:
        return f"Warned that {self.account} is low, {self.balance} left"


def _with_reference(stored: dict[str, Any]) -> dict[str, Any]:
    return {**stored, "reference": "not recorded"}


UPCASTERS = {("bank.Withdrawn", 1): _with_reference}


AccountEvent = Deposited | Withdrawn


def account_stream(account: str) -> StreamName[AccountEvent]:
    return StreamName(f"account-{account}")


def warning_stream(account: str) -> StreamName[WarnedOfLowBalance]:
    return StreamName(f"warning-{account}")
