import os
import re
import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from psycopg.conninfo import make_conninfo

from ...roles import RoleTooMighty, create_app_role

NAME = "[A-Za-z_][A-Za-z0-9_]{0,62}"


class Command(BaseCommand):
    help = (
        "Make the database role for the application: it may only SELECT and INSERT on the log."
        " Its password is APP_ROLE_PASSWORD, or a random one that is shown once."
        " Run it again after new migrations."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", default="app", help="name of the role (app)")

    def handle(self, *args: Any, **options: Any) -> None:
        name, given = options["name"], os.environ.get("APP_ROLE_PASSWORD")
        if not re.fullmatch(NAME, name):
            raise CommandError(
                f"{name!r} cannot be the role's name: use letters, digits and _, 63 at most."
            )
        password = given or secrets.token_urlsafe(24)
        try:
            create_app_role(name, password)
        except (RoleTooMighty, DatabaseError) as error:
            reason = str(error).strip().splitlines()[0]  # the further lines quote what was sent
            raise CommandError(f"Nothing was changed: {reason}") from error
        self.stderr.write(f"The role {name!r} may read the log and add to it. DATABASE_URL for it:")
        self.stdout.write(_url(name, given, password))


def _url(name: str, given: str | None, password: str) -> str:
    values = connection.settings_dict
    where = {"host": values["HOST"], "port": values["PORT"], "dbname": values["NAME"]}
    return make_conninfo(
        **{key: value for key, value in where.items() if value},
        user=name,
        password="the one given" if given else password,
    )
