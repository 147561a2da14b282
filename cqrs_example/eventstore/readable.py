"""What a row of the log holds, or why this code cannot read it."""

from collections.abc import Sequence
from typing import Any

from .codecs import from_json
from .contracts import UnreadableEvent, decode


def data_of(row: Sequence[Any]) -> Any:
    """The event's own data, an instance of its contract; raises `UnreadableEvent` with its id and
    position. Here JSON becomes an instance: `Any` ends where a caller says what it reads."""
    try:
        for text in row[10:12]:
            if not is_moment(text):
                raise UnreadableEvent(f"its time is {text}, which Python cannot hold")
        return decode(row[4], row[5], from_json(row[6]))
    except UnreadableEvent as error:
        raise UnreadableEvent(f"Event {row[1]} at position {row[0]}: {error}.") from error


def nearest(text: str) -> str:
    """The time itself, or the nearest that Python can hold."""
    if is_moment(text):
        return text
    is_early = text.endswith("BC") or text.startswith("-")
    return "0001-01-02 00:00:00+00" if is_early else "9999-12-30 00:00:00+00"


def is_moment(text: str) -> bool:
    """Postgres knows times that Python does not: infinity, and years before 1 and after 9999. The
    log refuses them since its migration 0005_moments_and_names."""
    return text[4:5] == "-" and not text.endswith("BC")
