from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register
from psycopg import Connection, OperationalError

from cqrs_example.database import base


@register(Tags.security, deploy=True)
def check_production(**kwargs: Any) -> list[CheckMessage]:
    """Django reads this module where the embedded Postgres is chosen, and nowhere else."""
    sentence = "DATABASE_URL is not set: the embedded Postgres is for trying out."
    chosen = settings.DATABASES["default"]["ENGINE"] == __package__
    return [Warning(sentence, id="embedded.W001")] if chosen else []


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
