"""Pages by key: page 10,000 costs what the first one costs, and new rows shift nothing."""

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest

from .reading import BadInput


def paged(
    request: HttpRequest,
    fetch: Callable[..., Iterable[Any]],
    key: str,
    parse: Callable[[str], Any] = int,
    backwards: bool = False,
    size: int = 50,
) -> dict[str, Any]:
    """One page of rows, and the keys with which the neighbouring pages are asked for.

    `fetch(after=…, before=…, backwards=…, limit=…)` gets the rows between two keys, both exclusive;
    `backwards` lists the highest key first. The address says `?after=KEY` or `?before=KEY`.
    """
    try:
        keys = {
            name: parse(request.GET[name]) for name in ("after", "before") if name in request.GET
        }
    except ValueError as error:
        raise BadInput(f"There is no such page: {error}.") from error
    turned = ("after" if backwards else "before") in keys  # towards the beginning of the list
    rows = list(fetch(**keys, backwards=backwards != turned, limit=size + 1))
    more, rows = len(rows) > size, rows[:size][:: -1 if turned else 1]
    first, last = [getattr(row, key) for row in (rows[:1] + rows[-1:])] or (None, None)
    back, on = (more, True) if turned else (bool(keys), more)
    return {"rows": rows, "back": first if back else None, "on": last if on else None}
