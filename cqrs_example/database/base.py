"""Django's backend for Postgres, with a cheaper look whether a kept connection is alive."""

import select

from django.db.backends.postgresql import base
from psycopg import Error


class DatabaseWrapper(base.DatabaseWrapper):
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
