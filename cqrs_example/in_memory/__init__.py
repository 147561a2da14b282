"""The event log in a Python object, and scenarios: a domain's tests without a database.

    Scenario().given(account, [Opened(100)]).when(withdraw, Withdraw("1", 30)).then([Withdrawn(30)])

Begin with `log.py`: it shows what an event log is. `messaging.execute(…, log=Log())` carries out a
command over it. Outside a Django project it needs two settings, and no `django.setup()`:

    settings.configure(EVENTS=["bank.events"], POLICIES={"warn": "bank.warning.warn"})
"""

from .log import Log as Log
from .scenario import Scenario as Scenario

VERSION = "1"
