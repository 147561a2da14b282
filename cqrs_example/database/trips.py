"""Statements that travel together: one round trip for all of them, past psycopg's cursors."""

from collections.abc import Generator, Sequence
from functools import cache
from itertools import count
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from psycopg import Connection, NotSupportedError, ProgrammingError, generators
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import InFailedSqlTransaction, error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

# On one connection. The others are parsed each time: SQL that is put together anew for each command
# would fill the server's memory.
MOST_PREPARED = 100

# A table has changed since, or a pooler has gone to another server process: a statement that was
# prepared would fail for ever.
OUTDATED = (NotSupportedError, ProgrammingError)

# By connection and SQL, the names under which the server keeps statements. None is given twice.
_prepared: WeakKeyDictionary[Connection[Any], dict[str, bytes]] = WeakKeyDictionary()
_numbers = count(1)


class Statement(NamedTuple):
    """SQL with %s, and its parameters as Postgres reads them."""

    sql: str
    parameters: Sequence[Any]


COMMIT = Statement("COMMIT", ())


def statement(connection: Connection[Any], sql: str, parameters: Sequence[Any]) -> Statement:
    """A statement for `send`; raises psycopg's ProgrammingError for what it cannot adapt."""
    formats = [PyFormat.TEXT] * len(parameters)
    return Statement(sql, Transformer(connection).dump_sequence(parameters, formats))


def send(connection: Connection[Any], statements: Sequence[Statement]) -> list[tuple[Any, ...]]:
    """Run statements one after the other; returns the rows of the last one, if it has any.

    By libpq's pipeline mode: psycopg's own pipeline takes longer in Python than a round trip on one
    machine. Raises what psycopg raises; after a statement that fails, the server skips the rest.
    A connection that is left in pipeline mode was interrupted, and cannot be used any more.
    """
    known = _prepared.get(connection, {})
    names = dict(known)
    answers = _exchanged(connection, names, statements)
    for answer in answers:
        if answer.status == ExecStatus.FATAL_ERROR:
            error = error_from_result(answer)
            if isinstance(error, OUTDATED):
                _prepared.pop(connection, None)
            raise error
    if len(names) > len(known):
        _prepared[connection] = names
    if statements[-1] is COMMIT and answers[-1].command_status != b"COMMIT":
        raise InFailedSqlTransaction("A statement had failed before: all is rolled back.")
    values = Transformer(connection)
    values.set_pgresult(answers[-1])
    return values.load_rows(0, answers[-1].ntuples, tuple)


def _exchanged(
    connection: Connection[Any], names: dict[str, bytes], statements: Sequence[Statement]
) -> list[PGresult]:
    libpq = connection.pgconn
    libpq.enter_pipeline_mode()
    expected = len(statements)
    for sql, parameters in statements:
        if not (name := names.get(sql, b"")):
            if len(names) < MOST_PREPARED:
                name = names[sql] = b"trip_%d" % next(_numbers)
            libpq.send_prepare(name, _numbered(sql))
            expected += 1
        libpq.send_query_prepared(name, parameters)
    libpq.pipeline_sync()
    answers = connection.wait(_answers(libpq, expected))
    libpq.exit_pipeline_mode()
    return answers


def _answers(libpq: PGconn, expected: int) -> Generator[Any, Any, list[PGresult]]:
    yield from generators.send(libpq)
    answers: list[PGresult] = []
    for _ in range(expected):
        answers += yield from generators.fetch_many(libpq)
    yield from generators.fetch_many(libpq)  # the end of the pipeline
    return answers


@cache
def _numbered(sql: str) -> bytes:
    """SQL with Postgres's own parameters, $1 and so on, instead of %s."""
    first, *others = sql.split("%s")
    numbered = [f"${number}{part}" for number, part in enumerate(others, 1)]
    return "".join([first, *numbered]).replace("%%", "%").encode()
