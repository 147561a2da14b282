"""Turn the words of a search, such as `ann` and `amount:>100`, into conditions in SQL."""

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
# A word, or a field with a value or a comparison. A value with spaces or colons is in quotes.
WORD = re.compile(
    r"""(?:(?P<field>[^\W\d]\w*):(?P<sign>>=|<=|>|<)?)?(?:"(?P<quoted>[^"]*)"|(?P<plain>\S+))"""
)
NUMBER = r"-?[0-9]+(\.[0-9]+)?"
ACTOR, COMMAND = "metadata -> 'actor' @> %s", "metadata #> '{command,name}' @> %s"


def terms(text: str, categories: Sequence[str]) -> list[list[Condition]]:
    """The conditions of a search: a list for each word.

    An event has to meet one condition of each list, because a word may mean several things. If the
    first condition of a list is about the exact name of a stream, and such a stream exists, the
    others do not count. `categories` are those of streams, for words such as `ann` that are the
    rest of a name. Raises `BadInput` for too many words, and for a position that is none.
    """
    matches = list(WORD.finditer(text))
    if len(matches) > MOST_WORDS:
        raise BadInput(f"Look for {MOST_WORDS} words at most, not for {len(matches)}.")
    return [_meant(match, categories) for match in matches]


def is_range(term: list[Condition]) -> bool:
    """Whether a term compares a field, which no index can find."""
    return term[0][0].startswith("CASE")


def begins(prefix: str) -> Condition:
    """The condition that a stream's name begins with this text."""
    return "(stream >= %s AND stream < %s)", [prefix, prefix + LAST_CHARACTER]


def position(text: str) -> int:
    """The position that somebody typed; raises `BadInput` for text that is none."""
    if text.isascii() and text.isdigit():
        number = int(text.lstrip("0")[:20] or "0")
        if number < END:
            return number
    raise BadInput(f"A position is a whole number such as 12, but this is {text!r:.40}.")


def searchable_fields() -> list[str]:
    """The fields of events in which a word without a field's name is looked for."""
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
    """The conditions for a type's whole name or its last part."""
    known = {kind for kind, _ in contracts() if name in (kind, kind.rpartition(".")[2])}
    for kind in sorted(known):
        # A comparison of pairs, as the index has them, and not `type = …`: see `finding._source`.
        yield "(type, position) > (%s, 0) AND (type, position) < (%s, %s)", [kind, kind, END]


def _equal(field: str, value: str) -> Iterator[Condition]:
    """The conditions that a field has this text, or the number or the constant that it says."""
    yield "data @> %s", [_json({field: value})]
    if re.fullmatch(rf"{NUMBER}|true|false|null", value):
        yield "data @> %s::jsonb", [f"{{{_json(field)}: {_plain_number(value)}}}"]


def _compared(field: str, sign: str, value: str) -> Condition:
    """The condition that a field is greater or less: numbers are compared by size, and texts, such
    as dates, by their characters."""
    if re.fullmatch(NUMBER, value):
        sql = f"CASE WHEN data ->> %s ~ '^{NUMBER}$' THEN (data ->> %s)::numeric {sign} %s::numeric"
        return f"{sql} END", [field, field, value]
    text = "jsonb_typeof(data -> %s) = 'string'"
    sql = f'CASE WHEN {text} THEN (data ->> %s) COLLATE "C" {sign} %s END'
    return sql, [field, field, value]


def _plain_number(text: str) -> str:
    """A number without leading zeros, which JSON does not allow."""
    return re.sub(r"^(-?)0+(?=\d)", r"\1", text)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
