"""What somebody else has written, made visible: nothing in it hides, reorders or controls."""

import json
import re
from typing import Any

# Control characters, and those that turn the direction of what follows them. Letters that are
# written from right to left stay, and so does what joins emoji.
INVISIBLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

# A part of a sentence that is kept apart from what stands beside it: it turns nothing else.
ISOLATED = re.compile("\u2068([^\u2066-\u2069\u202a-\u202e]*)\u2069")


def visible(text: object) -> str:
    """The text with `\\u202e` for a character that would hide or reorder what is there."""
    parts = [_seen(part) for part in ISOLATED.split(str(text))]
    parts[1::2] = [f"\u2068{part}\u2069" for part in parts[1::2]]
    return "".join(parts)


def _seen(text: str) -> str:
    return INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def on_one_line(text: object) -> str:
    """The same for a terminal, where a line break would forge a line."""
    return visible(text).replace("\n", "\\n")


def pretty(value: Any) -> str:
    """JSON to read: indented, in the language it was written in."""
    return visible(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def plain(value: Any) -> str:
    """A value of a field: text as it is, all else as JSON."""
    if isinstance(value, str):
        return visible(value)
    return visible(json.dumps(value, ensure_ascii=False, default=str))
