"""Pages by key: page 10,000 costs what the first one costs, and new rows shift nothing."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest

from .reading import BadInput

SHOWN = 50
SIDES = ("after", "before")


def paged(
    request: HttpRequest,
    fetch: Any,
    key: str | Callable[[Any], Any],
    parse: Any = int,
    backwards: bool = False,
) -> dict[str, Any]:
    """One page of rows, and the keys with which the pages before and after it are asked for.

    `key` is the name of an attribute of the rows, or what makes a row's key, and `parse` reads one.
    `fetch(after=…, before=…, backwards=…, limit=…)` gets the rows between two keys, both exclusive;
    `backwards` lists the highest key first. The address says `?after=KEY` or `?before=KEY`.
    """
    try:
        keys = {name: parse(request.GET[name]) for name in request.GET if name in SIDES}
    except (ValueError, OverflowError, ValidationError) as e:
        raise BadInput(f"There is no such page: {getattr(e, 'messages', [e])[0]}.") from e
    turned = SIDES[not backwards] in keys  # towards the beginning of the list
    rows = list(fetch(**keys, backwards=backwards != turned, limit=SHOWN + 1))
    more, rows = len(rows) > SHOWN, rows[:SHOWN][:: -1 if turned else 1]
    back, on = (more, bool(rows)) if turned else (bool(keys and rows), more)
    key_of = attrgetter(key) if isinstance(key, str) else key
    first, last = [key_of(row) for row in rows[:1] + rows[-1:]] or (None, None)
    return {"rows": rows, "back": first if back else None, "on": last if on else None}
