from typing import Any

from django.contrib.staticfiles.management.commands import runserver
from django.core.management.base import CommandError

from ...configuration import setting
from ...open_mode import refusal


class Command(runserver.Command):
    """Django's `runserver`, which refuses to serve the open mode to other machines."""

    def run(self, **options: Any) -> None:
        if sentence := refusal([self.addr], setting("OPEN_MODE")):  # type: ignore[attr-defined]
            raise CommandError(sentence)
        super().run(**options)
