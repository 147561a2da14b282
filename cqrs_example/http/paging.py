"""Lists in pages, by the key of the last row and not by its number.

So page 10,000 costs what the first one costs, and a new row does not shift the rows of later pages.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest

from .reading import BadInput

SHOWN = 50
LARGEST = 2**63 - 1
SIDES = ("after", "before")


def whole(text: str) -> int:
    """The key that a whole number is, or the nearest that Postgres's bigint can hold; raises
    `ValueError` for another text. A larger number would be an error of the database, or would make
    it look through all rows."""
    return max(-LARGEST, min(int(text), LARGEST))


def paged(
    request: HttpRequest,
    fetch: Any,
    key: str | Callable[[Any], Any],
    parse: Any = whole,
    backwards: bool = False,
) -> dict[str, Any]:
    """One page of rows, as `rows`, with the keys that lead to the page before it (`back`) and to
    the page after it (`on`), or None.

    `key` is the name of an attribute of the rows, or a function that makes a row's key. `parse`
    turns the text of a key in the address, `?after=KEY` or `?before=KEY`, into its value.
    `fetch(after=…, before=…, backwards=…, limit=…)` returns the rows between two keys, both
    exclusive, and the highest key first if `backwards`. Raises `BadInput` for a key that cannot be
    parsed.
    """
    try:
        keys = {name: parse(request.GET[name]) for name in request.GET if name in SIDES}
    except (ValueError, OverflowError, ValidationError) as e:
        raise BadInput(f"There is no such page: {getattr(e, 'messages', [e])[0]}.") from e
    # The rows before a key are fetched from that key on, in the opposite order, and turned round.
    turned = SIDES[not backwards] in keys
    rows = list(fetch(**keys, backwards=backwards != turned, limit=SHOWN + 1))
    more, rows = len(rows) > SHOWN, rows[:SHOWN][:: -1 if turned else 1]
    back, on = (more, bool(rows)) if turned else (bool(keys and rows), more)
    key_of = attrgetter(key) if isinstance(key, str) else key
    first, last = [key_of(row) for row in rows[:1] + rows[-1:]] or (None, None)
    return {"rows": rows, "back": first if back else None, "on": last if on else None}
