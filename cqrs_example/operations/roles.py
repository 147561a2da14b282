"""A database role for the application that cannot change past events.

The owner of the tables migrates. The application's role may only read the log and add to it. If the
application ran as the owner, it could switch off the triggers that refuse changes.
"""

from django.db import connection, transaction
from psycopg import Connection, sql

from ..eventstore.models import StoredEvent

RIGHTS = (
    "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {role}",
    "REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {role}",
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
    "REVOKE ALL ON {schema}.{log}, {schema}.django_migrations FROM {role}",
    "GRANT SELECT, INSERT ON {schema}.{log} TO {role}",
    "GRANT SELECT ON {schema}.django_migrations TO {role}",
    # Settings with which a session begins: a pooler does not pass on those of the application.
    "ALTER ROLE {role} IN DATABASE {database} SET search_path = {schema}",
    "ALTER ROLE {role} IN DATABASE {database} SET DateStyle = 'ISO'",
    "ALTER ROLE {role} IN DATABASE {database} SET IntervalStyle = 'postgres'",
    "ALTER ROLE {role} IN DATABASE {database} SET default_transaction_isolation = 'read committed'",
    "ALTER ROLE {role} IN DATABASE {database} SET lock_timeout = '3s'",
    "ALTER ROLE {role} IN DATABASE {database} SET statement_timeout = '10s'",
    "ALTER ROLE {role} IN DATABASE {database} SET idle_in_transaction_session_timeout = '15s'",
    "ALTER ROLE {role} IN DATABASE {database} SET client_connection_check_interval = '2s'",
    # For the tables of future migrations, which the same owner will run.
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema}"
    " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE, SELECT ON SEQUENCES TO {role}",
)
# For the block `projections`: a role that could change seals could make all of them anew.
SEALS = "REVOKE UPDATE, DELETE ON {schema}.projections_seal FROM {role}"
SCHEMA = """
SELECT nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE pg_class.oid = to_regclass(%s)
"""
TOO_MIGHTY = """
SELECT rolsuper OR pg_has_role(rolname, relowner, 'MEMBER') FROM pg_roles, pg_class
WHERE rolname = %s AND pg_class.oid = %s::regclass
"""
# Rights through PUBLIC, or through a role of which it is a member, even if it needs SET ROLE.
STILL_ALLOWED = """
SELECT DISTINCT what FROM pg_roles, unnest(ARRAY['DELETE', 'TRIGGER', 'TRUNCATE', 'UPDATE']) AS what
WHERE pg_has_role(%s, pg_roles.oid, 'MEMBER') AND (has_table_privilege(pg_roles.oid, %s, what)
    OR what = 'UPDATE' AND has_any_column_privilege(pg_roles.oid, %s, what))
ORDER BY what
"""


class RoleTooMighty(Exception):
    """The role could change the log even without being granted the right; the message says why."""


@transaction.atomic
def create_app_role(name: str, password: str) -> None:
    """Make the role, or set its password and rights again. Run it as the owner of the tables, who
    needs CREATEROLE. Raises `RoleTooMighty`, and Django's database errors."""
    log = StoredEvent._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(SCHEMA, [log])
        [schema] = cursor.fetchone() or ["public"]
        names = {
            "schema": sql.Identifier(schema),
            "role": sql.Identifier(name),
            "database": sql.Identifier(connection.settings_dict["NAME"]),
            "log": sql.Identifier(log),
        }
        cursor.execute(TOO_MIGHTY, [name, log])
        known = cursor.fetchone()
        if known and known[0]:
            raise RoleTooMighty(f"{name} owns the log or is a superuser: choose another name.")
        raw: Connection = connection.connection
        verb = sql.SQL("ALTER" if known else "CREATE")
        secret = raw.pgconn.encrypt_password(password.encode(), name.encode()).decode()
        statement = sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, names["role"], secret)
        cursor.execute(statement.as_string(raw))
        cursor.execute("SELECT to_regclass('projections_seal') IS NOT NULL")
        [sealing] = cursor.fetchone()
        for right in (*RIGHTS, SEALS) if sealing else RIGHTS:
            cursor.execute(sql.SQL(right).format(**names).as_string(raw))
        cursor.execute(STILL_ALLOWED, [name, log, log])
        _refuse(name, ", ".join(what for (what,) in cursor.fetchall()), "on the log")
        cursor.execute("SELECT has_schema_privilege(%s, %s, 'CREATE')", [name, schema])
        _refuse(name, "CREATE" if cursor.fetchone() == (True,) else "", f"in the schema {schema}")


def _refuse(name: str, allowed: str, where: str) -> None:
    if allowed:
        raise RoleTooMighty(
            f"{name} may {allowed} {where}, through PUBLIC or a role of which it is a member:"
            " revoke that right, or choose another name."
        )
