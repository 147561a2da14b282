"""The event that a person was forgotten. Name this module in `settings.EVENTS`."""

from dataclasses import dataclass
from typing import ClassVar

from ..eventstore import StreamName


@dataclass(frozen=True)
class PersonForgotten:
    """The person's key was deleted. Read models have to erase their texts of this person."""

    type: ClassVar[str] = "privacy.PersonForgotten"
    schema_version: ClassVar[int] = 1
    person: str

    def __str__(self) -> str:
        return f"{self.person} was forgotten"


def person_stream(person: str) -> StreamName[PersonForgotten]:
    return StreamName(f"privacy-{person}")
