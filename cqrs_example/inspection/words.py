"""What somebody types to find events: words and `field:value`, all of which have to hold."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings

from ..eventstore.contracts import contracts
from ..eventstore.log import END
from ..http import BadInput

Condition = tuple[str, list[Any]]

LAST_CHARACTER = "\U0010ffff"
MOST_WORDS = 8
# A word, or a field with a value, or with a comparison; in quotes where it has spaces or colons.
WORD = re.compile(
    r"""(?:(?P<field>[^\W\d]\w*):(?P<sign>>=|<=|>|<)?)?(?:"(?P<quoted>[^"]*)"|(?P<plain>\S+))"""
)
NUMBER = r"-?[0-9]+(\.[0-9]+)?"
ACTOR, COMMAND = "metadata -> 'actor' @> %s", "metadata #> '{command,name}' @> %s"


def terms(text: str, categories: Sequence[str]) -> list[list[Condition]]:
    """For each word what may be meant by it, one of which has to hold, as SQL; the first that holds
    for any event where it is a stream's name. Raises `BadInput`."""
    found = list(WORD.finditer(text))
    if len(found) > MOST_WORDS:
        raise BadInput(f"Look for {MOST_WORDS} words at most, not for {len(found)}.")
    return [_meant(match, categories) for match in found]


def is_range(term: list[Condition]) -> bool:
    """Whether no index knows which events these are."""
    return term[0][0].startswith("CASE")


def begins(prefix: str) -> Condition:
    """Streams whose names begin so."""
    return "(stream >= %s AND stream < %s)", [prefix, prefix + LAST_CHARACTER]


def position(text: str) -> int:
    """A position that somebody typed; raises `BadInput`."""
    if text.isascii() and text.isdigit():
        number = int(text.lstrip("0")[:20] or "0")
        if number < END:
            return number
    raise BadInput(f"A position is a whole number such as 12, but this is {text!r:.40}.")


def searchable_fields() -> list[str]:
    """The fields of events in which a word alone is looked for."""
    return list(getattr(settings, "SEARCHABLE_FIELDS", []))


def _meant(match: re.Match[str], categories: Sequence[str]) -> list[Condition]:
    field, sign = match["field"], match["sign"]
    value: str = match["quoted"] if match["plain"] is None else match["plain"]
    if field and sign:
        return [_compared(field, sign, value)]
    if field:
        return list(_field(field, value))
    if identifier := _uuid(value):
        return [(f"{name} = %s", [identifier]) for name in ("id", "correlation_id", "causation_id")]
    if value.startswith("#"):
        return [("position = %s", [position(value[1:])])]
    return list(_word(value, categories))


def _word(word: str, categories: Sequence[str]) -> Iterator[Condition]:
    yield "stream = %s", [word]
    yield begins(word)
    yield "stream = ANY(%s)", [[f"{category}-{word}" for category in categories]]
    for field in searchable_fields():
        yield from _equal(field, word)
    yield ACTOR, [_json(word)]
    yield COMMAND, [_json(word)]
    yield from _type(word)
    if word.isascii() and word.isdigit() and int(word[:20]) < END:
        yield "position = %s", [int(word)]


def _field(field: str, value: str) -> Iterator[Condition]:
    yield from _equal(field, value)
    if field == "actor":
        yield ACTOR, [_json(value)]
    elif field == "command":
        yield COMMAND, [_json(value)]
    elif field == "type":
        yield from _type(value)
    elif field == "stream":
        yield "stream = %s", [value]


def _type(name: str) -> Iterator[Condition]:
    """By its whole name or its last part."""
    known = {kind for kind, _ in contracts() if name in (kind, kind.rpartition(".")[2])}
    for kind in sorted(known):
        # As pairs, as they stand in the index, and not `type = …`: see `finding`.
        yield "(type, position) > (%s, 0) AND (type, position) < (%s, %s)", [kind, kind, END]


def _equal(field: str, value: str) -> Iterator[Condition]:
    """A text with this value; or a number, or true, false or null, if it is one."""
    yield "data @> %s", [_json({field: value})]
    if re.fullmatch(rf"{NUMBER}|true|false|null", value):
        yield "data @> %s::jsonb", [f"{{{_json(field)}: {_plain_number(value)}}}"]


def _compared(field: str, sign: str, value: str) -> Condition:
    """Numbers by their size, and texts, such as dates, by their characters."""
    if re.fullmatch(NUMBER, value):
        sql = f"CASE WHEN data ->> %s ~ '^{NUMBER}$' THEN (data ->> %s)::numeric {sign} %s::numeric"
        return f"{sql} END", [field, field, value]
    text = "jsonb_typeof(data -> %s) = 'string'"
    sql = f'CASE WHEN {text} THEN (data ->> %s) COLLATE "C" {sign} %s END'
    return sql, [field, field, value]


def _plain_number(text: str) -> str:
    """As JSON has it: without leading zeros."""
    return re.sub(r"^(-?)0+(?=\d)", r"\1", text)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
