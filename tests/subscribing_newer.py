"""The settings of newer code, and an event that it alone knows: workers of a second deployment."""

from dataclasses import dataclass
from typing import ClassVar

from .subscribing_settings import *  # noqa: F403

EVENTS = ["tests.subscribing", __name__]


@dataclass(frozen=True)
class New:
    type: ClassVar[str] = "test.New"
    schema_version: ClassVar[int] = 7
