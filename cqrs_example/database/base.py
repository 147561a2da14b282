"""Django's backend for Postgres, with fewer round trips.

The event store and messaging use `send` and `later` where a connection has them, and work without.
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
        # For those who measure: all that were run or put aside, and those of the last trip.
        self.statements = self.travelled = 0
        self.execute_wrappers.append(self._after_what_is_waiting)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        connection: Connection[Any] = super().get_new_connection(conn_params)
        # In each rollback psycopg would have the server forget all that is prepared, ours too.
        connection.prepare_threshold = None
        self.waiting, self.prepared = [], trips.names(connection)
        # Django's setting for what is behind a pooler: the same is true of what is prepared.
        self.prepared.unnamed = self.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS", False)
        return connection

    def send(self, sql: str, parameters: Sequence[Any]) -> Sequence[tuple[Any, ...]]:
        """Run a statement and return its rows; BEGIN and what is waiting travel with it."""
        if self._is_watched():
            return self._by_cursor(sql, parameters)
        answer = self._send(self._statement(sql, parameters))[-1]
        with self.wrap_database_errors:
            return trips.rows(self.connection, answer)

    def later(
        self, sql: str, parameters: Sequence[Any], answered: trips.Answered | None = None
    ) -> None:
        """Run a statement before the next one, or with COMMIT: nobody waits for its result.

        What the database says against it is raised there. `answered`, if given, is called there
        with a function that returns the rows, or raises the error.
        """
        if self.get_autocommit() or self._is_watched():
            rows = partial(self._by_cursor, sql, parameters)
            answered(rows) if answered else rows()
        else:
            statement = self._statement(sql, parameters)
            self.waiting.append(statement._replace(answered=answered))

    def is_usable(self) -> bool:
        """Django asks the server, a round trip in each request. But a server that ends or restarts
        says so unasked, and nothing else arrives between two requests: only then ask. One that has
        vanished without a word is found by keepalives."""
        if self.connection is None or self.errors_occurred:
            return False  # at the end of a request in which something went wrong: begin anew
        arriving = select.poll()
        try:
            arriving.register(self.connection.fileno(), select.POLLIN)
        except Error:  # closed at this end
            return False
        return not arriving.poll(0) or super().is_usable()

    def _is_watched(self) -> bool:
        """Whether somebody wants to see Django's statements: a wrapper, or a test that counts them.

        DEBUG alone is no reason: development would not run what production runs.
        """
        return self.force_debug_cursor or len(self.execute_wrappers) > 1

    def _by_cursor(self, sql: str, parameters: Sequence[Any]) -> Sequence[tuple[Any, ...]]:
        with self.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def _statement(self, sql: str, parameters: Sequence[Any]) -> trips.Statement:
        self.statements += 1
        if not self.connection or self.autocommit:  # else the transaction has begun with it
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
            # It may be the error of a statement that had waited. Code that catches it for its
            # own statement must not commit without that one. Postgres refuses the commit if it was
            # Postgres that refused the statement. Otherwise, or where answers are still to come,
            # the connection cannot be used any more.
            over = self.autocommit or last == (trips.COMMIT,)  # nothing is left to commit
            left = self._status()
            usable = left == TransactionStatus.INERROR or (over and left == TransactionStatus.IDLE)
            if self.connection.pgconn.pipeline_status or not usable:
                self.connection.close()  # or a pool would hand it on
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

    def _after_what_is_waiting(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        self.statements += 1
        if self.waiting:
            self._send()
        return execute(sql, params, many, context)

    def create_cursor(self, name: str | None = None) -> Any:
        if self.waiting:
            self._send()  # copy(), stream() and callproc() go past the wrapper above
        return super().create_cursor(name)

    def _set_autocommit(self, autocommit: bool) -> None:
        if self.waiting:
            self._send()  # psycopg refuses now, as after any statement that is not committed
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
        # All of it is younger than the savepoint: that was a statement.
        self.waiting = []
        super()._savepoint_rollback(sid)  # type: ignore[misc]


def _raise(error: BaseException) -> NoReturn:
    raise error
