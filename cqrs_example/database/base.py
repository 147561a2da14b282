"""Django's backend for Postgres, with fewer round trips.

The event store and messaging use `send` and `later` where a connection has them, and work without.
"""

import select
from collections.abc import Callable, Sequence
from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.utils import debug_transaction
from psycopg import Connection, Error
from psycopg.pq import TransactionStatus

from . import trips


class DatabaseWrapper(base.DatabaseWrapper):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting: list[trips.Statement] = []
        self.execute_wrappers.append(self._after_what_is_waiting)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        connection: Connection[Any] = super().get_new_connection(conn_params)
        # In each rollback psycopg would have the server forget all that is prepared, ours too.
        connection.prepare_threshold = None
        self.waiting = []
        return connection

    def send(self, sql: str, parameters: Sequence[Any]) -> Sequence[tuple[Any, ...]]:
        """Run a statement and return its rows; BEGIN and what is waiting travel with it."""
        if self._is_watched():
            return self._by_cursor(sql, parameters)
        return self._send(self._statement(sql, parameters))

    def later(self, sql: str, parameters: Sequence[Any]) -> None:
        """Run a statement before the next one, or with COMMIT: nobody waits for its result.

        What the database says against it is raised there.
        """
        if self.get_autocommit() or self._is_watched():
            self._by_cursor(sql, parameters)
        else:
            self.waiting.append(self._statement(sql, parameters))

    def is_usable(self) -> bool:
        """Django asks the server, a round trip in each request. But a server that ends or restarts
        says so unasked, and nothing else arrives between two requests: only then ask. One that has
        vanished without a word is found by keepalives."""
        if self.errors_occurred:
            # At the end of a request in which something went wrong: begin anew. A statement that
            # was prepared before its table changed would fail as long as the connection lives.
            return False
        arriving = select.poll()
        try:
            arriving.register(self.connection.fileno(), select.POLLIN)
        except Error:  # closed at this end
            return False
        return not arriving.poll(0) or super().is_usable()

    def _is_watched(self) -> bool:
        """Whether somebody wants to see Django's statements, by a wrapper or in a test."""
        return self.force_debug_cursor or len(self.execute_wrappers) > 1

    def _by_cursor(self, sql: str, parameters: Sequence[Any]) -> Sequence[tuple[Any, ...]]:
        with self.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []

    def _statement(self, sql: str, parameters: Sequence[Any]) -> trips.Statement:
        self.ensure_connection()
        self.validate_no_broken_transaction()
        with self.wrap_database_errors:
            return trips.statement(self.connection, sql, parameters)

    def _send(self, *last: trips.Statement) -> Sequence[tuple[Any, ...]]:
        statements, self.waiting = [*self.waiting, *last], []
        if not (self.autocommit or self._has_begun()):
            level = self.connection.isolation_level
            mode = f" ISOLATION LEVEL {level.name.replace('_', ' ')}" if level else ""
            statements.insert(0, trips.Statement(f"BEGIN{mode}", ()))
        try:
            with self.wrap_database_errors:
                return trips.send(self.connection, statements)
        except BaseException:
            # It may be the error of a statement that had waited. Whoever catches it, for his own,
            # would commit without that one.
            self.needs_rollback = self.in_atomic_block
            if self.connection.pgconn.pipeline_status:
                self.close()  # the next statement would take the answers that are left for its own
            raise

    def _has_begun(self) -> bool:
        return bool(self.connection.pgconn.transaction_status != TransactionStatus.IDLE)

    def _after_what_is_waiting(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if self.waiting:
            self._send()
        return execute(sql, params, many, context)

    def _commit(self) -> None:
        if self.waiting or self._has_begun():
            with debug_transaction(self, "COMMIT"):
                self._send(trips.COMMIT)

    def _rollback(self) -> None:
        self.waiting = []
        super()._rollback()  # type: ignore[misc]

    def _savepoint_rollback(self, sid: str) -> None:
        # What is waiting, or has just failed, is younger than the savepoint: that was a statement.
        self.waiting, self.needs_rollback = [], False
        super()._savepoint_rollback(sid)  # type: ignore[misc]
