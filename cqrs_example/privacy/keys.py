"""The keys of persons. None is kept in memory: one that was forgotten is gone in all processes."""

from collections.abc import Iterable

from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from ..messaging import DomainError
from .models import PersonKey


class Forgotten(DomainError):
    """Something was to be sealed for a person who was forgotten."""


def key_of(person: str) -> bytes:
    """The person's key; a new one at the first call. Raises `Forgotten`."""
    if not person:
        raise ValueError("Personal data belong to a person: give the person's id, not ''.")
    new = AESSIV.generate_key(512)
    row, _ = PersonKey.objects.get_or_create(person=person, defaults={"key": new})
    if row.key is None:
        when = f"{row.forgotten_at:%Y-%m-%d}"
        raise Forgotten(f"{person} was forgotten on {when}: who comes back gets a new id.")
    return bytes(row.key)


def keys_of(persons: Iterable[str]) -> dict[str, bytes]:
    """The keys that are still there, with one query."""
    rows = PersonKey.objects.filter(person__in=set(persons), key__isnull=False)
    return {person: bytes(key) for person, key in rows.values_list("person", "key")}
