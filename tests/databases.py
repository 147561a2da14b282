"""Databases for projects that a test builds, on the server of the test run."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
from django.db import connection
from psycopg import sql
from psycopg.conninfo import make_conninfo

VARIABLES = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "PASSWORD": "PGPASSWORD"}


@contextmanager
def own_database() -> Iterator[str]:
    """The name of a new, empty database, dropped afterwards."""
    name = f"test_of_a_project_{uuid4().hex[:12]}"
    execute("CREATE DATABASE {}", name)
    try:
        yield name
    finally:
        execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", f"test_{name}")


def execute(statement: str, name: str) -> None:
    with psycopg.connect(url("postgres"), autocommit=True) as server:
        server.execute(sql.SQL(statement).format(sql.Identifier(name)))


def url(name: str) -> str:
    """What DATABASE_URL has to be for a database of this name."""
    values = connection.settings_dict
    where = {key.lower(): values[key] for key in VARIABLES if values[key]}
    # Without what this process begins its sessions with: another one says so itself.
    given = {k: v for k, v in values["OPTIONS"].items() if k != "options"}
    options = {k: v for k, v in given.items() if isinstance(v, str)}
    return make_conninfo(dbname=name, **where, **options)


def libpq_environment() -> Mapping[str, Any]:
    """For settings that name a database and leave the rest to libpq."""
    values = connection.settings_dict
    given = {VARIABLES[key]: str(values[key]) for key in VARIABLES if values[key]}
    ours = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE", "DEBUG", "SECRET_KEY")
    return {k: v for k, v in os.environ.items() if k not in ours} | given
