"""The blocks with the bank in place of the warehouse."""

from dev.modes import ASYNCHRONOUS, chosen_mode
from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as APPS

INSTALLED_APPS = [app for app in APPS if not app.startswith("warehouse.")]
ROOT_URLCONF = "tests.bank.urls"

EVENTS = ["tests.bank.events"]
COMMANDS = [f"tests.bank.commands.{name}" for name in ("deposit", "withdraw", "warn")]
PROJECTIONS = {
    "accounts": "tests.bank.accounts",
    "low_balances": "tests.bank.low_balances",
    "withdrawals": "tests.bank.withdrawals",
}
POLICIES = {"warn_when_low": "tests.bank.commands.warn_when_low"}
SUBSCRIPTIONS = [*PROJECTIONS, *POLICIES] if chosen_mode() == ASYNCHRONOUS else []
PERMISSIONS = {"deposit": "tests.bank.views.deposit", "withdraw": "tests.bank.views.withdraw"}
INVARIANTS = {"funds": "tests.bank.invariants.funds"}

STREAM_PAGES = {"account": "account"}
SEARCHABLE_FIELDS = ["account", "reference"]
READ_MODEL_STREAMS = dict.fromkeys(PROJECTIONS, "account-{account}")
