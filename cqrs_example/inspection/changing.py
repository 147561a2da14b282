"""The rows of read models that an event changed; the block `projections` finds them by a replay."""

from importlib import import_module
from typing import Any

from django.apps import apps

from ..eventstore import RecordedEvent
from .looking import Unreadable
from .simulating import Change

PROJECTIONS = f"{__name__.rsplit('.', 2)[0]}.projections"


class CannotTell(Exception):
    """Nobody can say what an event changed; the message says why."""


def can_tell() -> bool:
    """Whether the block `projections` is installed."""
    return apps.is_installed(PROJECTIONS)


def changes_by(event: RecordedEvent[Any]) -> list[Change]:
    """The rows that an event changed, before and after it. Raises `CannotTell`."""
    if not can_tell():
        raise CannotTell("The block `projections`, which replays events, is not installed.")
    if isinstance(event.data, Unreadable):
        raise CannotTell(str(event.data))
    effects, runs = import_module(f"{PROJECTIONS}.effects"), import_module(f"{PROJECTIONS}.runs")
    try:
        return [Change(*effect) for effect in effects.effects_of(event)]
    except runs.FAILURES as error:
        raise CannotTell(str(error)) from error
