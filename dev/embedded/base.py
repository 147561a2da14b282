from typing import Any

from psycopg import Connection, OperationalError

from cqrs_example.database import base


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        try:
            connection: Connection = super().get_new_connection(conn_params)
        except OperationalError as error:
            raise _explained(error) from error
        return connection


def _explained(error: OperationalError) -> OperationalError:
    if "FATAL" in str(error):  # the server's own words: it is running
        return error
    return OperationalError(
        "The embedded Postgres is not running: start it with `make db`, or set DATABASE_URL."
        f" ({error})"
    )
