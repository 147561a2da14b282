"""Show text that others wrote so that no character of it hides or reorders text or controls a
terminal."""

import json
import re
from typing import Any

# Control characters, and characters that change the direction of the text after them. Letters that
# are written from right to left stay, and so do characters that join emoji.
INVISIBLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

# A part of a sentence between Unicode's isolates. It may have a direction of its own, and does not
# change the direction of the text around it.
ISOLATED = re.compile("\u2068([^\u2066-\u2069\u202a-\u202e]*)\u2069")


def visible(text: object) -> str:
    """The text with an escape such as `\\u202e` for each character that hides or reorders text."""
    parts = [_seen(part) for part in ISOLATED.split(str(text))]
    parts[1::2] = [f"\u2068{part}\u2069" for part in parts[1::2]]
    return "".join(parts)


def _seen(text: str) -> str:
    return INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def on_one_line(text: object) -> str:
    """As `visible`, for a terminal: a line break in the text could forge a line of ours."""
    return visible(text).replace("\n", "\\n")


def pretty(value: Any) -> str:
    """A value as JSON for people: indented, and without escapes for letters."""
    return visible(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def plain(value: Any) -> str:
    """The value of a field: text as it is, other values as JSON."""
    if isinstance(value, str):
        return visible(value)
    return visible(json.dumps(value, ensure_ascii=False, default=str))
