from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from cqrs_example.messaging import CommandIdReused, DomainError
from cqrs_example.progress import counted, progress

from ...importing import CannotImport, check, import_rows

AGAIN = "What was imported stays; run the same again to import the rest."


class Command(BaseCommand):
    help = (
        "Receive what a CSV file lists: sku,quantity or sku,quantity,recorded_at (ISO 8601; UTC if"
        " it names no zone). The whole file is checked first: if a line is wrong, nothing is"
        " imported. A second run completes what was interrupted, and adds nothing twice."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            with TemporaryFile("w+", encoding="utf-8") as spool:
                new, rows = self._import(path, spool)
        except CannotImport as error:
            raise CommandError(f"Nothing of {path} was imported.\n{error}") from None
        except (CommandIdReused, DomainError, DatabaseError) as error:
            reason = " ".join(str(error).split())
            raise CommandError(f"Stopped in {path}: {reason}. {AGAIN}") from None
        except KeyboardInterrupt:
            raise CommandError(f"Stopped in {path}. {AGAIN}", returncode=130) from None
        lines = counted(rows, "line", "lines")
        before = f"; {rows - new:,} had been imported before" if new < rows else ""
        self.stdout.write(f"Imported {new:,} of {lines} of {path}{before}.")

    def _import(self, path: Path, spool: IO[str]) -> tuple[int, int]:
        """How many rows were new, and how many there are."""
        if not path.is_file():
            raise CannotImport("That is no file." if path.exists() else "There is no such file.")
        try:
            with path.open("rb") as file:
                rows, fingerprint = check(file, spool)
        except OSError as error:
            raise CannotImport(f"It could not be read: {error.strerror}.") from None
        steps = import_rows(spool, fingerprint, path.name)
        return sum(progress(steps, rows, path.name)), rows
