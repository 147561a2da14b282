"""What a row of the log holds, or why this code cannot read it."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from .codecs import from_json
from .contracts import UnreadableEvent, decode


def data_of(row: Sequence[Any]) -> Any:
    """The event's own data, an instance of its contract; raises `UnreadableEvent` with its id and
    position. Here JSON becomes an instance: `Any` ends where a caller says what it reads."""
    try:
        return decode(row[4], row[5], from_json(row[6]))
    except UnreadableEvent as error:
        raise UnreadableEvent(f"Event {row[1]} at position {row[0]}: {error}.") from error


def moment(text: str) -> datetime:
    """A time as Postgres writes it; raises `UnreadableEvent` for one that Python cannot hold:
    infinity, and years before 1 and after 9999. The log refuses them since its migration 0005."""
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise UnreadableEvent(f"The time {text} is none that Python can hold.") from error


def nearest(text: str) -> str:
    """The time itself, or the nearest that Python can hold."""
    with suppress(UnreadableEvent):
        moment(text)
        return text
    is_early = text.endswith("BC") or text.startswith("-")
    return "0001-01-02 00:00:00+00" if is_early else "9999-12-30 00:00:00+00"
