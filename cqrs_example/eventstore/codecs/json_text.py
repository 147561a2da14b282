"""Values as JSON text for Postgres, and the fields of commands for the metadata of events."""

import json
import re
from dataclasses import Field, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, cast

from .compound import MAPPINGS, ROWS, SETS, in_one_order
from .table import CODECS, enumerated

# The names of fields that are not recorded, unless the field itself says so. A word in a name
# begins at its start or after `_`.
SECRET = re.compile(
    r"""passw|passphrase|pwd|secret(?!ar)|token|credential|(?:api|private|secret)_?key|security_?code
    |card_?n|credit_?card|(?:^|_)(?:pin|otp|cvc|cvv|ssn)(?:_|\d|$)""",
    re.IGNORECASE | re.VERBOSE,
)
# The escape of the character U+0000 in JSON text. A backslash in front of the letters "u0000" is
# itself escaped, as two backslashes, and does not match.
NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def as_json(value: Any) -> str:
    """A value as JSON text that Postgres accepts as jsonb.

    Values that JSON does not know are written with their codec, and without one as text. Raises
    `ValueError` if there is no such JSON.
    """
    try:
        text = _encode(value)
        if not text.isascii():
            text.encode()  # half of a surrogate pair cannot be encoded
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"This cannot be written as JSON: {error}.") from error
    if "\\u0000" in text and NUL.search(text):
        raise ValueError(f"Postgres holds no text with the character U+0000: {value!r:.300}.")
    return text


def recorded_fields(command: Any) -> dict[str, Any]:
    """The fields of a command as JSON, in the same form in each process.

    It leaves out fields with `field(metadata={"recorded": False})`, and fields with the name of a
    secret, such as a password or a card number, unless their metadata says `"recorded": True`.

    It also leaves out fields at their defaults. So a command that was sent before a field was added
    to its class, and again after that, counts as the same command.
    """
    return {
        field.name: plain(value)
        for field in fields(command)
        if (value := getattr(command, field.name)) != field.default and _is_recorded(field)
    }


def _is_recorded(field: Field[Any]) -> bool:
    return bool(field.metadata.get("recorded", not SECRET.search(field.name)))


def plain(value: Any) -> Any:
    """Any value as JSON, by its own type and not by the annotation of its field."""
    if type(value) in (str, int, bool, type(None)):
        return value
    if codec := CODECS.get(type(value)):
        return codec.write(value)
    if isinstance(value, MAPPINGS):
        return {_key(k): plain(item) for k, item in value.items() if not SECRET.search(_key(k))}
    if isinstance(value, SETS):
        return in_one_order([plain(item) for item in value])
    if isinstance(value, ROWS):
        return [plain(item) for item in value]
    return _instance(value)


def _key(value: Any) -> str:
    return value if type(value) is str else str(plain(value))


def _instance(value: Any) -> Any:
    if is_dataclass(value):
        recorded = [field.name for field in fields(value) if _is_recorded(field)]
        return {name: plain(getattr(value, name)) for name in recorded}
    if isinstance(value, Enum):
        return plain(enumerated(type(value)).write(value))
    kind = next((kind for kind in type(value).__mro__ if kind in CODECS), None)
    return CODECS[kind].write(value) if kind else str(value)


_encode = json.JSONEncoder(default=plain, allow_nan=False, ensure_ascii=False).encode


# It takes half the time of json.loads, which also looks for white space at both ends of the text.
_read = json.JSONDecoder().raw_decode


def from_json(text: str) -> Any:
    """The value of JSON text from Postgres."""
    return _read(text)[0]


def from_jsonb(text: str) -> Any:
    """The value that JSON text would have after it was written to a column of jsonb and read again.

    Postgres sorts shorter keys first, makes 1e16 a whole number, and takes the sign from -0.0.
    """
    return _read_again(text)[0]


def mapping_from_jsonb(text: str) -> dict[str, Any]:
    """As `from_jsonb`, of an object; other values become an empty dict.

    An import may have written any value as the metadata of an event.
    """
    value = from_jsonb(text)
    return cast(dict[str, Any], value) if isinstance(value, dict) else {}


def _in_order(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(sorted(dict(pairs).items(), key=_length_first))


def _length_first(pair: tuple[str, Any]) -> tuple[int, bytes]:
    key = pair[0].encode()
    return len(key), key


def _number(text: str) -> int | float:
    return int(Decimal(text)) if "e+" in text else float(text) + 0.0


_read_again = json.JSONDecoder(object_pairs_hook=_in_order, parse_float=_number).raw_decode
