"""From a file to the log: all of it checked first, then chunk by chunk, each line once."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from itertools import islice
from typing import IO, Any, BinaryIO
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import reset_queries

from cqrs_example.eventstore.looking import metadata_of
from cqrs_example.messaging import CommandIdReused, Context, Repeated, execute
from warehouse.events import isolated

from .command import ImportStock, handle
from .reading import Row, WrongLine, ZeroLine, read

# The size of a chunk is a part of each line's identity: with another one, a second run would not
# know what the first has done.
CHUNK = 1000
SENDER = Context(actor="import")
NAMED = 20  # wrong lines; the rest is counted


_as_line = json.JSONEncoder(default=str).encode  # json.dumps would make one for each line


class CannotImport(Exception):
    """A file with something wrong in it; nothing of it was imported."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class Named:
    """The first of many, and how many more there are: in flat memory."""

    def __init__(self) -> None:
        self.first: list[str] = []
        self.more = 0

    def add(self, text: str) -> None:
        if len(self.first) < NAMED:
            self.first.append(text)
        else:
            self.more += 1

    def __len__(self) -> int:
        return len(self.first) + self.more

    @property
    def lines(self) -> list[str]:
        return [*self.first, f"and {self.more:,} more"] if self.more else self.first


@dataclass(frozen=True)
class Checked:
    """A file with nothing wrong in it: how many rows it has, their fingerprint (SHA-256), and the
    lines of zero that were left out."""

    rows: int
    fingerprint: str
    zeros: Named

    @property
    def file_id(self) -> UUID:
        return uuid5(NAMESPACE_URL, f"import_stock/{self.fingerprint}")


def check(file: BinaryIO, spool: IO[str], *, leave_out_zeros: bool = False) -> Checked:
    """Copy the rows of a file to `spool`.

    The copy is what will be imported, so a file that changes meanwhile changes nothing. Raises
    `CannotImport` with every line that is wrong.
    """
    wrong, zeros = Named(), Named()
    rows = 0
    fingerprint = sha256()
    for row in read(file):
        if isinstance(row, WrongLine):
            wrong.add(str(row))
        elif isinstance(row, ZeroLine):
            zeros.add(f"line {row.line} ({isolated(row.sku)})")
            if not leave_out_zeros:
                wrong.add(f"line {row.line}: the quantity is 0, and such lines have to be left out")
        else:
            line = _as_line(row) + "\n"
            spool.write(line)
            fingerprint.update(line.encode())
            rows += 1
    if wrong:
        raise CannotImport(*wrong.lines)
    if not rows:
        raise CannotImport("There is no line to import below the header.")
    return Checked(rows, fingerprint.hexdigest(), zeros)


def copied_rows(spool: IO[str]) -> Iterator[Row]:
    """The rows that `check` has copied."""
    spool.seek(0)
    return (_row(line) for line in spool)


def import_rows(
    spool: IO[str], file: Checked, name: str, sender: Context = SENDER
) -> Iterator[tuple[int, int]]:
    """Import the rows that `check` has copied; `name` goes into the metadata of each event, beside
    who has sent the file.

    Yields after each chunk how many rows were new in it, and how many rows it has come to. A chunk
    is a command under an id made of the fingerprint and the line: what was done is not done again,
    whoever asks for it.
    """
    done = 0
    for command_id, command, rows in _chunks(spool, file):
        new = 0
        if not _is_there(command_id, command):
            correlation, request = sender.correlation_id or file.file_id, sender.request
            context = Context(command_id, correlation, sender.actor, {**request, "file": name})
            new = _import(rows, command, context)
        reset_queries()  # with DEBUG=1 Django keeps every statement, each with a thousand rows
        done += len(rows)
        yield new, done


def imported_before(spool: IO[str], file: Checked) -> tuple[int, str]:
    """How many of these rows were imported before, and by whom."""
    found, actor = 0, ""
    for command_id, command, rows in _chunks(spool, file):
        if metadata := _is_there(command_id, command):
            found, actor = found + len(rows), metadata["actor"]
    return found, actor


def _chunks(spool: IO[str], file: Checked) -> Iterator[tuple[UUID, ImportStock, list[Row]]]:
    rows = copied_rows(spool)
    while chunk := list(islice(rows, CHUNK)):
        command = ImportStock(file.fingerprint, chunk[0].line, chunk[-1].line)
        yield uuid5(file.file_id, str(command.first_line)), command, chunk


def _import(rows: list[Row], command: ImportStock, context: Context) -> int:
    """How many rows were new: none where somebody imports the same file and came first."""
    try:
        events = execute(partial(handle, rows), command, context)
    except CommandIdReused:
        if not _is_there(context.command_id, command):
            raise
        return 0
    return 0 if isinstance(events, Repeated) else len(rows)


def _is_there(command_id: UUID, command: ImportStock) -> Mapping[str, Any] | None:
    """What is recorded beside a chunk that was imported before: asked first, because a refusal at
    its end costs more. Where another command has used its id, `execute` refuses."""
    metadata = metadata_of(uuid5(command_id, "1")) or {}
    found = metadata.get("command", {})
    mine = (found.get("name"), found.get("fields")) == (type(command).__name__, asdict(command))
    return metadata if mine else None


def _row(line: str) -> Row:
    number, sku, quantity, at = json.loads(line)
    return Row(number, sku, quantity, at and datetime.fromisoformat(at))
