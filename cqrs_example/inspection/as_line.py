"""An event in one line of a terminal."""

from typing import Any

from django.utils.termcolors import make_style

from ..eventstore import RecordedEvent
from .looking import Unreadable
from .simulating import Change
from .visible import on_one_line, plain

PAINT = {
    "position": make_style(fg="yellow"),
    "type": make_style(fg="cyan"),
    "stream": make_style(fg="green"),
    "problem": make_style(fg="red", opts=("bold",)),
}


def as_line(event: RecordedEvent[Any], colours: bool) -> str:
    """An event's position, time, stream, type and data, always in one line."""
    paint = PAINT if colours else dict.fromkeys(PAINT, str)
    text = on_one_line(event.data)
    return "  ".join(
        [
            paint["position"](f"#{event.position}"),
            f"{event.recorded_at:%Y-%m-%d %H:%M:%S}",
            paint["stream"](f"{on_one_line(event.stream)}@{event.version}"),
            paint["type"](on_one_line(event.type.rpartition(".")[2])),
            paint["problem"](text) if isinstance(event.data, Unreadable) else text,
        ]
    )


def change_as_lines(change: Change) -> list[str]:
    """A row of a read model before and after: a line for each value that differs."""
    lines = [f"{change.projection}, {change.table}:"]
    for name, (before, after) in change.fields.items():
        lines.append(f"  {on_one_line(name)}: {_value(before)} -> {_value(after)}")
    return lines


def _value(value: Any) -> str:
    return "-" if value is None else on_one_line(plain(value))
