"""Find events in a log of any length, with the indexes that it has.

A search walks along an index in the order of positions, over `WALKED` events at most for one page.
If it finds little in them, the page says how far it has looked, and a link goes on from there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..eventstore import RecordedEvent
from ..eventstore.contracts import contracts
from ..eventstore.log import END
from ..eventstore.recorded import COLUMNS
from ..http import BadInput
from .looking import look, rows
from .moments import positions_between
from .words import Condition, begins, is_range, terms
from .words import position as position

WALKED = 50_000
# If an index finds no more events than this, a search collects their positions and does not walk.
FEW = 10_000

# If no more events than this occurred between two times, a search knows where they begin and end.
PLACED = 100_000
PLACES = """SELECT count(*), min(position), max(position) FROM (
    SELECT position FROM eventstore_event WHERE occurred_at >= %s AND occurred_at < %s LIMIT %s
    ) AS found"""
BEGINNING, DOOMSDAY = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Search:
    """What somebody looks for; an event has to match all of it."""

    q: str = ""
    type: str = ""
    category: str = ""
    since: datetime | None = None
    until: datetime | None = None
    occurred_since: datetime | None = None
    occurred_until: datetime | None = None

    def __bool__(self) -> bool:
        return self != Search()


@dataclass(frozen=True)
class Walk:
    """How to find the events of a search.

    low, high   look between these positions, both exclusive
    type        if not empty, walk along the index of this type
    positions   if not None, look at these positions only
    conditions  what else has to hold, as SQL
    categories  the categories of streams that there are, for the page
    """

    low: int = 0
    high: int = END
    type: str = ""
    positions: list[int] | None = None
    conditions: list[Condition] = field(default_factory=list[Condition])
    categories: list[str] = field(default_factory=list[str])


def parse(values: Mapping[str, str]) -> Search:
    """The search that a query string asks for; raises `BadInput` for wrong words or times."""
    q, kind, category = (values.get(name, "").strip() for name in ("q", "type", "category"))
    if any(ord(character) < 32 for character in q + kind + category):
        raise BadInput("Words to look for cannot have control characters: the log has none.")
    terms(q, [])  # called for its errors, which come before any query
    names = ("since", "until", "occurred_since", "occurred_until")
    return Search(q, kind, category, *(_moment(values, name) for name in names))


def event_types() -> list[str]:
    """The types of events that the code knows. The log may hold older ones."""
    return sorted({kind for kind, _ in contracts()})


def plan(search: Search) -> Walk:
    """How to find the events of a search. It takes a query for each word, and two more."""
    low, high, categories = positions_between(search.since, search.until)
    category = [[begins(f"{search.category}-")]] if search.category else []
    few, conditions = _found_at_once(terms(search.q, categories) or category)
    if search.q:
        conditions += [condition for [condition] in category]
    if few is not None and search.type:
        conditions.append(("type = %s", [search.type]))
    if search.since:
        conditions.append(("recorded_at >= %s", [search.since]))
    if search.until:
        conditions.append(("recorded_at < %s", [search.until]))
    if search.occurred_since or search.occurred_until:
        between = [search.occurred_since or BEGINNING, search.occurred_until or DOOMSDAY]
        conditions.append(("(occurred_at >= %s AND occurred_at < %s)", between))
        first, last = _places(between)
        low, high = max(low, first), min(high, last)
    return Walk(low, high, search.type, few, conditions, categories)


def fetch(
    walk: Walk, *, after: int = 0, before: int = END, backwards: bool, limit: int
) -> list[RecordedEvent[Any]]:
    """Up to `limit` events between two positions, both exclusive.

    It returns fewer if they are far apart: `walked_to` says how far it looked. At the newest end,
    events may be missing whose transactions commit later; a page that people look at may miss them.
    """
    source, order, parameters = _source(walk, after, before, backwards)
    others = "".join(f" AND {sql}" for sql, _ in walk.conditions)
    values = [value for _, some in walk.conditions for value in some]
    # The inner LIMIT bounds the walk, the outer one ends it as soon as the page is full.
    sql = f"SELECT {COLUMNS} FROM ({source}) AS walked WHERE true{others} ORDER BY {order} LIMIT %s"  # noqa: S608 (no input in it)
    return look(sql, [*parameters, *values, limit])


def walked_to(walk: Walk, *, after: int = 0, before: int = END, backwards: bool) -> int | None:
    """The position up to which `fetch` looked; None if it saw all events."""
    if walk.positions is not None or not (walk.conditions):
        return None
    source, _, parameters = _source(walk, after, before, backwards)
    edge = "min" if backwards else "max"
    sql = f"SELECT count(*), {edge}(position) FROM ({source}) AS walked"  # noqa: S608 (no input in it)
    [(count, end)] = rows(sql, parameters)
    return end if count == WALKED else None


def _source(walk: Walk, after: int, before: int, backwards: bool) -> tuple[str, str, list[Any]]:
    """The walk as SQL, its order as SQL, and its parameters."""
    low, high = max(after, walk.low), min(before, walk.high)
    direction = "DESC" if backwards else "ASC"
    order, where = f"position {direction}", "position > %s AND position < %s"
    parameters: list[Any] = [low, high]
    if walk.positions is not None:
        where, parameters = f"{where} AND position = ANY(%s)", [low, high, walk.positions]
    elif walk.type:
        # Compared as pairs, as the index has them. With `type = …` Postgres may walk through the
        # whole log by position, even if the type is rare.
        order = f"type {direction}, position {direction}"
        where = "(type, position) > (%s, %s) AND (type, position) < (%s, %s)"
        parameters = [walk.type, low, walk.type, high]
    source = f"SELECT * FROM eventstore_event WHERE {where} ORDER BY {order} LIMIT {WALKED}"  # noqa: S608 (no input in it)
    return source, order, parameters


def _found_at_once(search: list[list[Condition]]) -> tuple[list[int] | None, list[Condition]]:
    """The positions of all events that a term of the search matches, if an index finds only `FEW`;
    and conditions for the other terms, which each event has to meet."""
    few: set[int] | None = None
    conditions: list[Condition] = []
    for term in search:
        if few is None and not is_range(term):
            few, term = _looked_up(term)
            if few is not None:
                continue  # the events at these positions match the term already
        conditions.append(_any_of(term))
    return few if few is None else sorted(few), conditions


def _looked_up(term: list[Condition]) -> tuple[set[int] | None, list[Condition]]:
    """The positions of the events that match a term, or None if there are more than `FEW`; and the
    conditions of the term that match any event."""
    parts = [
        f"(SELECT {number}, position FROM eventstore_event WHERE {sql} LIMIT {FEW + 1})"  # noqa: S608 (no input in it)
        for number, (sql, _) in enumerate(term)
    ]
    found = rows(" UNION ALL ".join(parts), [value for _, values in term for value in values])
    # A stream with exactly this name is meant alone, without those whose names begin with it.
    if term[0][0] == "stream = %s" and any(number == 0 for number, _ in found):
        found, term = [row for row in found if row[0] == 0], term[:1]
    positions = {position for _, position in found}
    if len(positions) <= FEW:
        return positions, term
    return None, [term[number] for number in sorted({number for number, _ in found})]


def _any_of(term: list[Condition]) -> Condition:
    sql = " OR ".join(sql for sql, _ in term)
    return f"({sql})", [value for _, values in term for value in values]


def _places(between: Sequence[Any]) -> tuple[int, int]:
    """Two positions, both exclusive, around all events that occurred between two times."""
    [(count, first, last)] = rows(PLACES, [*between, PLACED + 1])
    if count > PLACED:
        return 0, END
    return (first - 1, last + 1) if count else (END, END)


def _moment(values: Mapping[str, str], name: str) -> datetime | None:
    text = values.get(name, "").strip()
    try:
        moment = datetime.fromisoformat(text) if text else None
        # In UTC here, where an error is caught: the first and last hours of the calendar do not
        # exist in every zone.
        return moment and moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        example = "a date and time such as 2025-01-31 or 2025-01-31T18:00 (UTC)"
        field = name.replace("_", " ").capitalize()
        raise BadInput(f"{field} must be {example}, but is {text!r:.40}.") from None
