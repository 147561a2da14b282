"""The keys of persons. No key is kept in memory, so a deleted key is gone in all processes."""

from collections.abc import Iterable

from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from ..messaging import DomainError
from .models import PersonKey


class Forgotten(DomainError):
    """Nothing can be sealed for this person, who was forgotten."""


def key_of(person: str) -> bytes:
    """The key of a person; the first call makes it. Raises `Forgotten`, and `ValueError` for ''."""
    if not person:
        raise ValueError("Personal data belong to a person: give the person's id, not ''.")
    new = AESSIV.generate_key(512)
    row, _ = PersonKey.objects.get_or_create(person=person, defaults={"key": new})
    if row.key is None:
        when = f"{row.forgotten_at:%Y-%m-%d}"
        raise Forgotten(f"{person} was forgotten on {when}: a person who returns needs a new id.")
    return bytes(row.key)


def keys_of(persons: Iterable[str]) -> dict[str, bytes]:
    """The keys of those persons who were not forgotten, by person, with one query."""
    rows = PersonKey.objects.filter(person__in=set(persons), key__isnull=False)
    return {person: bytes(key) for person, key in rows.values_list("person", "key")}
