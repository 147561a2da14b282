"""HTTP: views read requests strictly, and answer programs with JSON and people with pages.

The view of a command names the fields that it takes, reads them, and answers:

    @endpoint("POST", fields=["amount", "purpose"])
    def deposit(request, account):
        try:
            amount = whole_number(request, "amount", least=1)
            command = Deposit(account, amount, text(request, "purpose", 200, default=""))
            events = execute(handle, command, context(request))
        except REFUSALS as error:
            return refused(request, error, "deposit.html", {"account": account})
        return done(request, events, lambda deposited: f"Deposited {deposited.amount}.")
"""

from .accept import wants_html as wants_html
from .answers import REFUSALS as REFUSALS, as_json as as_json, done as done
from .answers import problem as problem, refused as refused
from .characters import is_visible as is_visible, visible as visible
from .endpoint import endpoint as endpoint
from .failures import unavailable as unavailable
from .fields import field as field, text as text, whole_number as whole_number
from .paging import paged as paged
from .reading import BadInput as BadInput, context as context
from .streamed import as_json_list as as_json_list

VERSION = "2"
