"""Finding events in a log of any length, with the indexes that it has.

A list is walked along an index that is in the order of positions, and never further than `WALKED`
events at a time: where little is found the page says how far it has looked, and goes on from there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from ..eventstore import RecordedEvent
from ..eventstore.contracts import contracts
from ..eventstore.log import END
from ..eventstore.recorded import COLUMNS
from ..http import BadInput
from .looking import look, rows
from .moments import positions_between

WALKED = 50_000
# A search that finds no more events than this knows all of them at once, wherever they are.
FEW = 10_000

BY_ID = """
    (SELECT true, position FROM eventstore_event WHERE id = %s) UNION ALL
    (SELECT true, position FROM eventstore_event WHERE correlation_id = %s LIMIT %s) UNION ALL
    (SELECT true, position FROM eventstore_event WHERE causation_id = %s LIMIT %s)"""
# The stream of exactly this name, if there is one, comes before all others that begin so.
BY_STREAM = """SELECT stream = %s, position FROM eventstore_event
    WHERE stream >= %s AND stream < %s ORDER BY stream LIMIT %s"""
LAST_CHARACTER = "\U0010ffff"

Condition = tuple[str, list[Any]]


@dataclass(frozen=True)
class Search:
    """What somebody looks for; all of it has to hold."""

    q: str = ""
    type: str = ""
    category: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def __bool__(self) -> bool:
        return self != Search()


@dataclass(frozen=True)
class Walk:
    """Where to look: between two positions, both exclusive, or at these positions only; events of
    this type; and what else has to hold."""

    low: int = 0
    high: int = END
    type: str = ""
    positions: list[int] | None = None
    conditions: list[Condition] = field(default_factory=list[Condition])
    categories: list[str] = field(default_factory=list[str])


def parse(values: Mapping[str, str]) -> Search:
    """The search from a query string; raises `BadInput` with a sentence."""
    q, kind, category = (values.get(name, "").strip() for name in ("q", "type", "category"))
    if any(ord(character) < 32 for character in q + kind + category):
        raise BadInput("What you look for cannot have control characters: the log has none.")
    if q.startswith("#"):
        position(q[1:])
    return Search(q, kind, category, _moment(values, "since"), _moment(values, "until"))


def event_types() -> list[str]:
    """The types that the code knows: no query, and no type that only old events have."""
    return sorted({kind for kind, _ in contracts()})


def position(text: str) -> int:
    """A position that somebody typed; raises `BadInput`."""
    if text.isascii() and text.isdigit() and int(text[:20]) < END:
        return int(text)
    raise BadInput(f"A position is a whole number such as 12, but this is {text!r:.40}.")


def plan(search: Search) -> Walk:
    """How to find it: at most two queries."""
    low, high, categories = positions_between(search.since, search.until)
    few, conditions = _found_at_once(search)
    if few is not None and search.type:
        conditions.append(("type = %s", [search.type]))
    if search.since:
        conditions.append(("recorded_at >= %s", [search.since]))
    if search.until:
        conditions.append(("recorded_at < %s", [search.until]))
    return Walk(low, high, search.type, few, conditions, categories)


def fetch(
    walk: Walk, *, after: int = 0, before: int = END, backwards: bool, limit: int
) -> list[RecordedEvent[Any]]:
    """Events between two positions, both exclusive; fewer than there are if they are far between:
    see `walked_to`. What commits late may be missing at the newest end: this is for looking."""
    source, order, parameters = _source(walk, after, before, backwards)
    others = "".join(f" AND {sql}" for sql, _ in walk.conditions)
    values = [value for _, some in walk.conditions for value in some]
    # The inner LIMIT bounds the walk, the outer one ends it as soon as the page is full.
    sql = f"SELECT {COLUMNS} FROM ({source}) AS walked WHERE true{others} ORDER BY {order} LIMIT %s"  # noqa: S608 (no input in it)
    return look(sql, [*parameters, *values, limit])


def walked_to(walk: Walk, *, after: int = 0, before: int = END, backwards: bool) -> int | None:
    """The position at which `fetch` gave up; None if it saw everything."""
    if walk.positions is not None or not (walk.conditions):
        return None
    source, _, parameters = _source(walk, after, before, backwards)
    edge = "min" if backwards else "max"
    sql = f"SELECT count(*), {edge}(position) FROM ({source}) AS walked"  # noqa: S608 (no input in it)
    [(count, end)] = rows(sql, parameters)
    return end if count == WALKED else None


def _source(walk: Walk, after: int, before: int, backwards: bool) -> tuple[str, str, list[Any]]:
    """The walk as SQL, its order, and its parameters."""
    low, high = max(after, walk.low), min(before, walk.high)
    way = "DESC" if backwards else "ASC"
    order, where = f"position {way}", "position > %s AND position < %s"
    parameters: list[Any] = [low, high]
    if walk.positions is not None:
        where, parameters = f"{where} AND position = ANY(%s)", [low, high, walk.positions]
    elif walk.type:
        # Compared as pairs, as they stand in the index: `type = …` may make Postgres walk through
        # the whole log for events of a type that is rare.
        order = f"type {way}, position {way}"
        where = "(type, position) > (%s, %s) AND (type, position) < (%s, %s)"
        parameters = [walk.type, low, walk.type, high]
    source = f"SELECT * FROM eventstore_event WHERE {where} ORDER BY {order} LIMIT {WALKED}"  # noqa: S608 (no input in it)
    return source, order, parameters


def _found_at_once(search: Search) -> tuple[list[int] | None, list[Condition]]:
    """All positions that `q` or the category leaves, if they are few; else conditions for each."""
    few: list[int] | None = None
    conditions = [begins(f"{search.category}-")] if search.category else []
    if search.q.startswith("#"):
        return [int(search.q[1:])], conditions
    if identifier := _uuid(search.q):
        few = _few(rows(BY_ID, [identifier, identifier, FEW + 1, identifier, FEW + 1]))
        conditions.append(("%s IN (id, correlation_id, causation_id)", [identifier]))
    elif begin := search.q or (search.category and f"{search.category}-"):
        found = rows(BY_STREAM, [begin, begin, begin + LAST_CHARACTER, FEW + 1])
        exact = [row for row in found if row[0]] if search.q else []
        few = _few(exact or found)
        conditions.append(("stream = %s", [begin]) if exact else begins(begin))
    return few, conditions


def _few(found: list[tuple[Any, ...]]) -> list[int] | None:
    positions = {position for _, position in found}
    return sorted(positions) if len(positions) <= FEW else None


def begins(prefix: str) -> Condition:
    """Streams whose names begin so."""
    return "(stream >= %s AND stream < %s)", [prefix, prefix + LAST_CHARACTER]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _moment(values: Mapping[str, str], name: str) -> datetime | None:
    text = values.get(name, "").strip()
    try:
        moment = datetime.fromisoformat(text) if text else None
        # In UTC at once: the first and the last hours of all are not there in every zone.
        return moment and moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        example = "a date and time such as 2025-01-31 or 2025-01-31T18:00 (UTC)"
        raise BadInput(f"{name.title()} must be {example}, but is {text!r:.40}.") from None
