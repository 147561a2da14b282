"""Encrypted texts, as events and commands hold them: nested dataclasses like any other."""

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
    """An encrypted text and the person that it belongs to. `seal` makes it; `str()` decrypts it.

    Two of them are equal if person and text are equal, also after the key is deleted. So a repeated
    command is recognized.
    """

    person: str
    sealed: str  # the number of the key, and the encrypted text

    def __str__(self) -> str:
        return reveal([self])[0]


def seal(person: str, text: str) -> Personal:
    """Encrypt a text with the key of a person; the first call for a person makes the key.

    `person` is an id that stays readable in the log for ever: use a number or a UUID, and no name
    or e-mail address. Raises `Forgotten` if the person was forgotten.
    """
    key = key_of(person)
    # SIV needs no nonce, and refuses an empty text.
    secret = AESSIV(key).encrypt(_framed(text), [person.encode()])
    return Personal(person, f"{_number(key)}:{b64encode(secret).decode()}")


def reveal(personal: Iterable[Personal]) -> list[str]:
    """Decrypt any number of texts, with one query; `ERASED` stands for those of forgotten persons.

    Raises `ValueError` if a text was changed after it was sealed, or moved to another person.
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
    return b"1" + text.encode()  # 1 is the version of this form


def _number(key: bytes) -> str:
    """A short digest of the key. If a row was deleted by hand and the person got a new key, older
    texts are read as erased, and not as broken."""
    return sha256(key).hexdigest()[:8]
