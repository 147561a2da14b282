import gc
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from cqrs_example.messaging import CommandIdReused, DomainError
from cqrs_example.progress import counted, progress

from ...importing import CannotImport, Checked, check, import_rows

AGAIN = "What was imported stays; run the same again to import the rest."


class Command(BaseCommand):
    help = (
        "Receive what a CSV file lists: sku,quantity or sku,quantity,recorded_at (ISO 8601; UTC if"
        " it names no zone), with commas, semicolons or tabs between. The whole file is checked"
        " first: if a line is wrong, nothing is imported. A second run completes what was"
        " interrupted, and adds nothing twice."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv")
        parser.add_argument(
            "--leave-out-zeros",
            action="store_true",
            help="name lines whose quantity is 0 and leave them out; else they are wrong",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            with TemporaryFile("w+", encoding="utf-8") as spool:
                file = self._check(path, spool, options["leave_out_zeros"])
                gc.freeze()  # else the search for garbage goes through all of Django, over and over
                steps = import_rows(spool, file, path.name)
                new = sum(progress(steps, file.rows, path.name))
        except CannotImport as error:
            raise CommandError(f"Nothing of {path} was imported.\n{error}") from None
        except (CommandIdReused, DomainError, DatabaseError) as error:
            reason = " ".join(str(error).split())
            raise CommandError(f"Stopped in {path}: {reason}. {AGAIN}") from None
        except KeyboardInterrupt:
            raise CommandError(f"Stopped in {path}. {AGAIN}", returncode=130) from None
        self.stdout.write("".join(_report(path, file, new)))

    def _check(self, path: Path, spool: IO[str], leave_out_zeros: bool) -> Checked:
        if not path.is_file():
            raise CannotImport("That is no file." if path.exists() else "There is no such file.")
        try:
            with path.open("rb") as file:
                return check(file, spool, leave_out_zeros=leave_out_zeros)
        except OSError as error:
            raise CannotImport(f"It could not be read: {error.strerror}.") from None


def _report(path: Path, file: Checked, new: int) -> Iterator[str]:
    if file.zeros:
        left_out = counted(len(file.zeros), "line", "lines")
        yield f"Left out {left_out} of zero: {', '.join(file.zeros.lines)}.\n"
    lines = counted(file.rows, "line", "lines")
    before = f"; {file.rows - new:,} had been imported before" if new < file.rows else ""
    yield f"Imported {new:,} of {lines} of {path}{before}."
