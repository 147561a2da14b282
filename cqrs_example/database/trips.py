"""Send several statements in one round trip, without psycopg's cursors."""

import re
import time
from collections.abc import Callable, Generator, Sequence
from hashlib import blake2b
from itertools import count
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from psycopg import Connection, OperationalError, ProgrammingError, generators
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import (
    DatatypeMismatch,
    Diagnostic,
    FeatureNotSupported,
    InFailedSqlTransaction,
    InvalidSqlStatementName,
    error_from_result,
)
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

# Statements on one connection. Without a limit, SQL that differs in each command would fill the
# server's memory.
MOST_PREPARED = 100

# A table may have changed since a statement was prepared, or a pooler may have gone to another
# server process. A prepared statement would then fail for as long as the connection lives, so all
# of them are thrown away before the next use of the connection.
OUTDATED = (DatatypeMismatch, FeatureNotSupported, InvalidSqlStatementName)

# Seconds that COMMIT may take. The server's statement_timeout does not end a COMMIT, which would
# wait for ever while a synchronous standby is away.
PATIENCE = 12.0

# It is called with a function that returns the rows of a statement or raises its error. It may
# raise another error instead.
Answered = Callable[[Callable[[], Sequence[Sequence[Any]]]], object]
Key = tuple[str, tuple[int, ...]]  # SQL with %s, and the types of its parameters


class Names(dict[Key, bytes]):
    """The names of the statements that are prepared on a connection."""

    outdated = False
    unnamed = False  # nothing is prepared, since a pooler may give each transaction another process
    unreplicated = False  # the server committed, but did not wait for the standby any longer

    def notice(self, diagnostic: Diagnostic) -> None:
        """Note the server's warning that it stopped waiting for a standby.

        The warning may be in any language, and the server reports COMMIT as successful after it.
        """
        self.unreplicated |= diagnostic.source_function == "SyncRepWaitForLSN"


_names: WeakKeyDictionary[Connection[Any], Names] = WeakKeyDictionary()
_numbers = count(1)


class Statement(NamedTuple):
    """A statement to prepare, and its parameters in the form in which Postgres reads them."""

    key: Key
    parameters: Sequence[Any] = ()
    answered: Answered | None = None


COMMIT = Statement(("COMMIT", ()))


def names(connection: Connection[Any]) -> Names:
    """The statements that are prepared on this connection, for `send`."""
    if connection not in _names:
        _names[connection] = Names()
        connection.add_notice_handler(_names[connection].notice)
    return _names[connection]


def statement(
    connection: Connection[Any], known: Names, sql: str, parameters: Sequence[Any]
) -> Statement:
    """A statement for `send`, equivalent to `cursor.execute(sql, parameters)`.

    Raises psycopg's errors for parameters that it cannot adapt, and for too few or too many.
    """
    adapted = Transformer(connection)
    texts = adapted.dump_sequence(parameters, [PyFormat.TEXT] * len(parameters))
    key = sql, tuple(adapted.types or ())
    if key not in known and (places := sql.replace("%%", "").count("%s")) != len(texts):
        raise ProgrammingError(f"There are {places} places for {len(texts)} parameters: {sql}")
    return Statement(key, texts)


def rows(connection: Connection[Any], answer: PGresult) -> list[tuple[Any, ...]]:
    """The rows of an answer, as a cursor would return them."""
    loaded = Transformer(connection)
    loaded.set_pgresult(answer)
    return loaded.load_rows(0, answer.ntuples, tuple)


def send(
    connection: Connection[Any], known: Names, statements: Sequence[Statement]
) -> list[PGresult]:
    """Run statements one after the other in one round trip; returns an answer for each.

    Raises psycopg's errors. After a statement that fails, the server skips the rest. If this is
    interrupted, the connection stays in pipeline mode and must not be used any more. It uses
    libpq's pipeline mode, since psycopg's own pipeline takes longer in Python than a round trip on
    one machine.
    """
    if known.outdated or len(known) >= MOST_PREPARED:
        # In a failed transaction the server refuses this, and all statements that follow.
        done = connection.pgconn.exec_(b"DEALLOCATE ALL")
        if done.status == ExecStatus.COMMAND_OK:
            known.clear()
            known.outdated = False
    known.unreplicated = False
    answers, prepared = _exchanged(connection, known, statements)
    for number, answer in enumerate(answers):
        if answer.status == ExecStatus.FATAL_ERROR:
            error = error_from_result(answer)
            known.outdated |= isinstance(error, OUTDATED)
            if isinstance(error, OUTDATED) and not prepared & {number, number - 1}:
                raise OperationalError(f"Prepared before, and outdated: {error}") from error
            raise error
    if statements[-1] is COMMIT and answers[-1].command_status != b"COMMIT":
        raise InFailedSqlTransaction("A statement had failed before: all is rolled back.")
    if known.unreplicated:
        raise OperationalError("Committed, but no standby has said that it has it, too.")
    return [answer for number, answer in enumerate(answers) if number not in prepared]


def _exchanged(
    connection: Connection[Any], known: Names, statements: Sequence[Statement]
) -> tuple[list[PGresult], set[int]]:
    """The answers, and the indexes of those that only say that a statement was prepared."""
    libpq = connection.pgconn
    libpq.enter_pipeline_mode()
    new: list[tuple[int, Key]] = []
    expected = 0
    for key, parameters, *_ in statements:
        if known.unnamed:
            libpq.send_query_params(_numbered(key[0]), parameters, key[1])
            expected += 1
            continue
        name = known.get(key)
        if name is None:
            # Prepare each right before its use: to prepare all of them first would begin a
            # transaction before BEGIN does.
            name = known[key] = _name(key)
            libpq.send_prepare(name, _numbered(key[0]), key[1])
            new.append((expected, key))
            expected += 1
        libpq.send_query_prepared(name, parameters)
        expected += 1
    libpq.pipeline_sync()
    waiting = _answers(libpq, expected)
    last = statements[-1] is COMMIT
    answers = connection.wait(_impatiently(libpq, waiting) if last else waiting)
    libpq.exit_pipeline_mode()
    for number, key in new:
        if answers[number].status != ExecStatus.COMMAND_OK:  # refused, or skipped
            del known[key]
    return answers, {number for number, _ in new}


def _impatiently(libpq: PGconn, answers: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Wait for the answers; after `PATIENCE` seconds ask the server to cancel."""
    deadline, wanted = time.monotonic() + PATIENCE, next(answers)
    while True:
        ready = yield wanted  # psycopg sends 0 from time to time while nothing has arrived
        if not ready and time.monotonic() > deadline:
            libpq.get_cancel().cancel()
            deadline = float("inf")
        try:
            wanted = answers.send(ready)
        except StopIteration as end:
            return end.value


def _answers(libpq: PGconn, expected: int) -> Generator[Any, Any, list[PGresult]]:
    yield from generators.send(libpq)
    answers: list[PGresult] = []
    for _ in range(expected):
        answers += yield from generators.fetch_many(libpq)
    yield from generators.fetch_many(libpq)  # the end of the pipeline
    return answers


def _name(key: Key) -> bytes:
    """A name that no other statement has, in this process or, by its digest, in others.

    If a pooler mixes up connections, which it must not, an unknown name raises an error instead of
    running another process's statement.
    """
    digest = blake2b(repr(key).encode(), digest_size=8).hexdigest()
    return f"trip_{next(_numbers)}_{digest}".encode()


def _numbered(sql: str) -> bytes:
    """SQL with Postgres's own parameters, $1 and so on, instead of %s."""
    numbers = count(1)
    return re.sub("%[s%]", lambda it: f"${next(numbers)}" if it[0] == "%s" else "%", sql).encode()
