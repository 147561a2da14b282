"""A text of a person, as events and commands hold it: a nested dataclass, like any other."""

from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from .keys import key_of, keys_of

ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Personal:
    """An encrypted text, and whose it is; made by `seal`. Its `str()` asks for the key.

    Equal texts of one person are equal, without the key too: so a repeated command is known again.
    """

    person: str
    sealed: str  # which key, and what it made of the text

    def __str__(self) -> str:
        return reveal([self])[0]


def seal(person: str, text: str) -> Personal:
    """Encrypt a text with the key of a person, who gets one if need be; raises `Forgotten`.

    `person` stays readable in the log for ever: a number or a UUID, and no name or e-mail address.
    """
    key = key_of(person)
    # SIV takes no nonce, and nothing that is empty.
    secret = AESSIV(key).encrypt(_framed(text), [person.encode()])
    return Personal(person, f"{_number(key)}:{b64encode(secret).decode()}")


def reveal(personal: Iterable[Personal]) -> list[str]:
    """The texts, or `ERASED` where the key is gone; with one query for any number of them.

    Raises `ValueError` for what was changed after it was sealed, or moved to another person.
    """
    personal = list(personal)
    keys = keys_of(value.person for value in personal)
    return [_text(value, keys.get(value.person)) for value in personal]


def _text(personal: Personal, key: bytes | None) -> str:
    number, _, secret = personal.sealed.partition(":")
    if key is None or number != _number(key):
        return ERASED
    try:
        text = AESSIV(key).decrypt(b64decode(secret), [personal.person.encode()])
    except (InvalidTag, ValueError) as error:
        raise ValueError(f"{personal!r} was changed after it was sealed.") from error
    return text[1:].decode()


def _framed(text: str) -> bytes:
    return b"1" + text.encode()  # the form of what is sealed


def _number(key: bytes) -> str:
    """Which key it was: who deleted a row and began anew has erased texts, and no broken ones."""
    return sha256(key).hexdigest()[:8]
