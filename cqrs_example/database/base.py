"""Django's backend for Postgres, with fewer round trips.

A connection gets two methods, `send` and `later`. The event store and messaging use them, and fall
back on cursors if a connection lacks them (see `eventstore.statements`). Statements that `later`
got wait in `waiting`, and travel with the next statement or with COMMIT.
"""

import select
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NoReturn

from django.db.backends.postgresql import base
from django.db.backends.utils import debug_transaction
from psycopg import Connection, Error
from psycopg.pq import TransactionStatus
from psycopg.pq.abc import PGresult

from . import trips
from .validation import DatabaseValidation


class DatabaseWrapper(base.DatabaseWrapper):
    validation_class = DatabaseValidation

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting: list[trips.Statement] = []
        self.prepared = trips.Names()
        # Counts for measurements: of all statements so far, and of those in the last round trip.
        self.statements = self.travelled = 0
        self.execute_wrappers.append(self._after_waiting)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        connection: Connection[Any] = super().get_new_connection(conn_params)
        # If psycopg prepared statements too, it would send DEALLOCATE ALL after a rollback, and the
        # server would forget ours.
        connection.prepare_threshold = None
        self.waiting, self.prepared = [], trips.names(connection)
        # Django's setting for a database behind a pooler that gives each transaction another server
        # process: prepared statements, like cursors, would not be there.
        self.prepared.unnamed = self.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS", False)
        return connection

    def send(self, sql: str, parameters: Sequence[Any]) -> Sequence[tuple[Any, ...]]:
        """Run a statement and return its rows.

        BEGIN and the statements that wait travel with it. Raises Django's database errors, those of
        waiting statements too.
        """
        if self._is_watched():
            return self._by_cursor(sql, parameters)
        answer = self._send(self._statement(sql, parameters))[-1]
        with self.wrap_database_errors:
            return trips.rows(self.connection, answer)

    def later(
        self, sql: str, parameters: Sequence[Any], answered: trips.Answered | None = None
    ) -> None:
        """Put a statement aside: it runs before the next one, or before COMMIT.

        Its error is raised by that call. `answered`, if given, is called by then with a function
        that returns the rows or raises the error.
        """
        if self.get_autocommit() or self._is_watched():
            rows = partial(self._by_cursor, sql, parameters)
            answered(rows) if answered else rows()
        else:
            statement = self._statement(sql, parameters)
            self.waiting.append(statement._replace(answered=answered))

    def is_usable(self) -> bool:
        """Whether the connection works, asked at the beginning of each request.

        Django asks the server, which costs a round trip. But a server that ends or restarts says so
        unasked, and nothing else arrives between two requests. So this asks the server only if
        something has arrived. The keepalives of TCP find a server that vanished without a word.
        """
        if self.connection is None or self.errors_occurred:
            return False  # something went wrong in the last request: use a new connection
        arriving = select.poll()
        try:
            arriving.register(self.connection.fileno(), select.POLLIN)
        except Error:  # closed at this end
            return False
        return not arriving.poll(0) or super().is_usable()

    def _is_watched(self) -> bool:
        """Whether a wrapper, or a test that counts queries, has to see each statement as Django's.

        DEBUG alone is no reason: otherwise development would run other code than production.
        """
        return self.force_debug_cursor or len(self.execute_wrappers) > 1

    def _by_cursor(self, sql: str, parameters: Sequence[Any]) -> Sequence[tuple[Any, ...]]:
        with self.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def _statement(self, sql: str, parameters: Sequence[Any]) -> trips.Statement:
        self.statements += 1
        # Inside a transaction the connection was checked when the transaction began.
        if not self.connection or self.autocommit:
            self.close_if_health_check_failed()
            self.ensure_connection()
        self.validate_thread_sharing()
        self.validate_no_broken_transaction()
        with self.wrap_database_errors:
            return trips.statement(self.connection, self.prepared, sql, parameters)

    def _send(self, *last: trips.Statement) -> Sequence[PGresult]:
        statements, self.waiting = [*self.waiting, *last], []
        if not self.autocommit and self._status() == TransactionStatus.IDLE:
            statements.insert(0, trips.Statement((self._begin(), ())))
        self.travelled = len(statements)
        try:
            with self.wrap_database_errors:
                answers = trips.send(self.connection, self.prepared, statements)
        except BaseException as error:
            # The error may be that of a statement that waited. The caller may catch it, as if it
            # were that of its own statement, and commit without the statement that waited. If
            # Postgres refused a statement (INERROR), it refuses to commit too. Otherwise the
            # connection is closed, so that nobody can commit. It is also closed if answers are
            # still to come.
            over = self.autocommit or last == (trips.COMMIT,)  # nothing is left to commit
            status = self._status()
            idle, in_error = TransactionStatus.IDLE, TransactionStatus.INERROR
            usable = status == in_error or (over and status == idle)
            if self.connection.pgconn.pipeline_status or not usable:
                self.connection.close()  # otherwise a pool would give it to somebody else
                if self.autocommit:
                    self.close()
            for statement in statements:
                if statement.answered:
                    statement.answered(partial(_raise, error))
            raise
        for statement, answer in zip(statements, answers, strict=True):
            if statement.answered:
                statement.answered(partial(trips.rows, self.connection, answer))
        return answers

    def _begin(self) -> str:
        level, read_only = self.connection.isolation_level, self.connection.read_only
        begin = f"BEGIN ISOLATION LEVEL {level.name.replace('_', ' ')}" if level else "BEGIN"
        return begin if read_only is None else f"{begin} READ {'ONLY' if read_only else 'WRITE'}"

    def _status(self) -> int:
        return int(self.connection.pgconn.transaction_status)

    def _after_waiting(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        """A wrapper of all statements that cursors execute: those that wait run before them."""
        self.statements += 1
        if self.waiting:
            self._send()
        return execute(sql, params, many, context)

    def create_cursor(self, name: str | None = None) -> Any:
        if self.waiting:
            self._send()  # copy(), stream() and callproc() of a cursor do not call the wrapper
        return super().create_cursor(name)

    def _set_autocommit(self, autocommit: bool) -> None:
        if self.waiting:
            # A transaction begins, in which psycopg refuses to change autocommit, as it does after
            # any statement that is not committed.
            self._send()
        super()._set_autocommit(autocommit)  # type: ignore[misc]

    def _commit(self) -> None:
        if self.connection is None:
            return
        if self.waiting or self._status() != TransactionStatus.IDLE:
            with debug_transaction(self, "COMMIT"):
                self._send(trips.COMMIT)

    def _rollback(self) -> None:
        self.waiting = []
        super()._rollback()  # type: ignore[misc]

    def _savepoint_rollback(self, sid: str) -> None:
        # Statements that wait came after the savepoint: SAVEPOINT itself sent all before it.
        self.waiting = []
        super()._savepoint_rollback(sid)  # type: ignore[misc]


def _raise(error: BaseException) -> NoReturn:
    raise error
