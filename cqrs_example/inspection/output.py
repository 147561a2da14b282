"""What `manage.py events` prints: lines for people or, with `--json`, one object on each line."""

import json
from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandError, OutputWrapper

from ..eventstore import RecordedEvent
from .as_json import as_json
from .as_line import as_line
from .looking import Unreadable
from .visible import on_one_line


@dataclass
class Output:
    """Where an action prints, and how: as JSON for programs, with colours for a terminal."""

    stdout: OutputWrapper
    stderr: OutputWrapper
    json: bool
    colours: bool

    def event(self, event: RecordedEvent[Any]) -> None:
        """Print an event, and flush: somebody may follow the log through a pipe."""
        if self.json:
            self.value(as_json(event))
        else:
            self.line(as_line(event, self.colours))
        self.stdout.flush()

    def value(self, value: Any) -> None:
        """Print a value as JSON on one line."""
        self.line(json.dumps(value, default=str))

    def line(self, text: str) -> None:
        self.stdout.write(text)

    def text(self, text: str) -> None:
        """Print text that has its own line breaks."""
        self.stdout.write(text, ending="")

    def warning(self, sentence: str) -> None:
        self.stderr.write(sentence)


def readable(event: RecordedEvent[Any]) -> RecordedEvent[Any]:
    """The event itself; raises `CommandError` for one that this code cannot read."""
    if isinstance(event.data, Unreadable):
        raise CommandError(on_one_line(event.data))
    return event
