"""From a file to the log: all of it checked first, then chunk by chunk, each line once."""

import gc
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from functools import partial
from hashlib import sha256
from itertools import islice
from typing import IO, BinaryIO
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import reset_queries

from cqrs_example.eventstore.looking import metadata_of
from cqrs_example.messaging import Context, Repeated, execute

from .command import ImportStock, handle
from .reading import Row, WrongLine, read

# The size of a chunk is a part of each line's identity: with another one, a second run would not
# know what the first has done.
CHUNK = 1000
ACTOR = "import"
NAMED = 20  # wrong lines; the rest is counted


_as_line = json.JSONEncoder(default=str).encode  # json.dumps would make one for each line


class CannotImport(Exception):
    """A file with something wrong in it; nothing of it was imported."""


def check(file: BinaryIO, spool: IO[str]) -> tuple[int, str]:
    """Copy the rows of a file to `spool`; returns their number and their fingerprint (SHA-256).

    The copy is what will be imported, so a file that changes meanwhile changes nothing. Raises
    `CannotImport` with every line that is wrong.
    """
    wrong: list[str] = []
    rows = more = 0
    fingerprint = sha256()
    for row in read(file):
        if not isinstance(row, WrongLine):
            line = _as_line(row) + "\n"
            spool.write(line)
            fingerprint.update(line.encode())
            rows += 1
        elif len(wrong) < NAMED:
            wrong.append(str(row))
        else:
            more += 1
    if wrong:
        raise CannotImport("\n".join([*wrong, f"and {more:,} more"] if more else wrong))
    return rows, fingerprint.hexdigest()


def import_rows(spool: IO[str], fingerprint: str, path: str) -> Iterator[tuple[int, int]]:
    """Import the rows that `check` has copied; `path` goes into the metadata of each event.

    Yields after each chunk how many rows were new in it, and how many rows it has come to. A chunk
    is a command under an id made of the fingerprint and the line: what was done is not done again.
    """
    spool.seek(0)
    gc.freeze()  # else the search for garbage goes through all of Django, again and again
    file_id = uuid5(NAMESPACE_URL, f"import_stock/{fingerprint}")
    done = 0
    while rows := [_row(line) for line in islice(spool, CHUNK)]:
        command = ImportStock(fingerprint, rows[0].line, rows[-1].line)
        command_id = uuid5(file_id, str(command.first_line))
        new = 0
        if not _is_there(command_id, command):
            context = Context(command_id, file_id, ACTOR, {"file": path})
            events = execute(partial(handle, rows), command, context)
            # Repeated: somebody imports the same file at the same time, and came first.
            new = 0 if isinstance(events, Repeated) else len(rows)
        reset_queries()  # with DEBUG=1 Django keeps every statement, each with a thousand rows
        done += len(rows)
        yield new, done


def _is_there(command_id: UUID, command: ImportStock) -> bool:
    """Whether a chunk was imported before: asked first, because a refusal at its end costs more.
    Where somebody else has used its id, `execute` refuses."""
    metadata = metadata_of(uuid5(command_id, "1")) or {}
    by, fields = metadata.get("actor"), metadata.get("command", {}).get("fields")
    return (by, fields) == (ACTOR, asdict(command))


def _row(line: str) -> Row:
    number, sku, quantity, at = json.loads(line)
    return Row(number, sku, quantity, at and datetime.fromisoformat(at))
