"""Turn the columns of a row into Python's values, or say why the code cannot read them."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from .codecs import from_json
from .contracts import UnreadableEvent, decode


def data_of(row: Sequence[Any]) -> Any:
    """The data of an event, as an instance of its class.

    Raises `UnreadableEvent` with the event's id and position. The type checker learns the class
    from the caller, who knows the stream.
    """
    try:
        return decode(row[4], row[5], from_json(row[6]))
    except UnreadableEvent as error:
        raise UnreadableEvent(f"Event {row[1]} at position {row[0]}: {error}.") from error


def moment(text: str) -> datetime:
    """The time that Postgres wrote as text.

    Raises `UnreadableEvent` for a time that Python cannot hold: infinity, and years before 1 or
    after 9999. The log refuses such times since its migration 0005, but may hold older ones.
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise UnreadableEvent(f"The time {text} is none that Python can hold.") from error


def nearest(text: str) -> str:
    """The text of a time, or that of the nearest time which Python can hold."""
    with suppress(UnreadableEvent):
        moment(text)
        return text
    is_early = text.endswith("BC") or text.startswith("-")
    return "0001-01-02 00:00:00+00" if is_early else "9999-12-30 00:00:00+00"
