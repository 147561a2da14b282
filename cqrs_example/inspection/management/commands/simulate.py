"""`manage.py simulate`: show what a command would do, and roll it back."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError

from ....messaging import DomainError
from ...as_line import as_line, change_as_lines
from ...simulating import command_from, handlers, simulate
from ...tracing import origin
from ...visible import on_one_line


class Command(BaseCommand):
    help = (
        "Try a command: print the events that it and policies would record, and the rows of read"
        " models that would change, and roll everything back. The simulation holds the command's"
        " locks, and uses up positions of the log. Exit status: 0; 1 if the command would be"
        " refused; 2 for wrong arguments."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("command", help="the command's name, as in the log")
        parser.add_argument("fields", nargs="*", metavar="FIELD=VALUE")
        parser.add_argument("--actor", default="anonymous", help="who sends the command")

    def handle(self, *args: Any, **options: Any) -> None:
        command, handler = self._asked_for(options["command"], options["fields"])
        try:
            simulation = simulate(handler, command, options["actor"])
        except DomainError as error:
            raise CommandError(f"The command would be refused: {on_one_line(error)}") from None
        except (DatabaseError, InterfaceError) as error:
            reason = " ".join(str(error).split())
            raise CommandError(f"The command would fail in the database: {reason}") from None
        except Exception as error:
            reason = f"{type(error).__name__}: {on_one_line(error)}"
            raise CommandError(f"The command would fail: {reason}") from None
        self.stdout.write("It would record:")
        for event in simulation.events:
            name = on_one_line(origin(event).get("name", ""))
            self.stdout.write(f"  {name}: {as_line(event, colours=False)}")
        self.stdout.write("It would change:" if simulation.changes else "It would change no row.")
        for change in simulation.changes:
            for line in change_as_lines(change):
                self.stdout.write(f"  {line}")
        self.stdout.write("All of it was rolled back. The positions above stay unused.")

    def _asked_for(self, name: str, words: list[str]) -> tuple[Any, Any]:
        known = handlers()
        if name not in known:
            sentence = f"There is no command {name}. There are: {', '.join(known)}."
            raise CommandError(sentence, returncode=2)
        if wrong := [word for word in words if "=" not in word]:
            raise CommandError(f"Write FIELD=VALUE, not {wrong[0]!r}.", returncode=2)
        texts = dict(word.split("=", 1) for word in words)
        try:
            return command_from(known[name], texts), known[name]
        except ValueError as error:
            raise CommandError(on_one_line(error), returncode=2) from None
