"""`manage.py check` reports wrong entries of INVARIANTS, and models that cannot be replayed."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from inspect import signature
from typing import Any, cast

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connection
from django.db.models import Model
from django.utils.module_loading import import_string

from ..eventstore.checks import missing_apps
from ..messaging import heard_by
from .tables import numbered_references

TEMPORARY = """
    SELECT current_user, quote_ident(current_database())
    WHERE NOT has_database_privilege(current_database(), 'TEMPORARY')
"""


@register
def check_invariants(**kwargs: Any) -> list[CheckMessage]:
    """Check that each entry of INVARIANTS is a function, before `verify` is run."""
    invariants = getattr(settings, "INVARIANTS", {})
    if not isinstance(invariants, dict):
        return [Error("settings.INVARIANTS must be a dict.", id="projections.E002")]
    errors: list[CheckMessage] = []
    for name, path in cast(dict[str, Any], invariants).items():
        try:
            invariant = import_string(str(path))
            if not callable(invariant):
                raise ImportError("this is no function invariant(stream)")
            if signature(invariant).parameters:
                heard_by(invariant)
        except (ImportError, TypeError, ValueError) as error:
            problem = f"settings.INVARIANTS[{name!r}] = {path!r}: {error}."
            errors.append(Error(problem, id="projections.E001"))
    return errors


@register
def check_apps(**kwargs: Any) -> list[CheckMessage]:
    return list(missing_apps("projections", "eventstore", "messaging"))


# What else than the projection decides about the rows of a read model's table.
ODDITIES = """
    SELECT CASE WHEN relpersistence = 'u' THEN 'is not logged, so it is empty after a crash'
    WHEN EXISTS (SELECT FROM pg_rewrite WHERE ev_class = pg_class.oid AND relkind <> 'v')
    THEN 'has a rule, which can keep rows from being written'
    WHEN row_security_active(pg_class.oid)
    THEN 'is under row security, which hides rows from this role'
    WHEN EXISTS (SELECT FROM pg_trigger WHERE tgrelid = pg_class.oid AND NOT tgisinternal
        AND tgenabled <> 'D' AND tgtype & 3 = 3)
    THEN 'has a trigger, which can change rows or leave them out' END
    FROM pg_class WHERE oid = to_regclass(%s)
"""


@register(Tags.database)
def check_tables(databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Warn of tables of read models whose rows are not the projection's alone."""
    if DEFAULT_DB_ALIAS not in (databases or ()) or connection.vendor != "postgresql":
        return []
    return [
        Warning(
            f"The table {table} of the projection {name} {oddity}. `verify` finds rows that differ"
            " from the log, but not before somebody runs it.",
            id="projections.W001",
        )
        for name, models in _models()
        for table in [connection.ops.quote_name(model._meta.db_table) for model in models]
        for (oddity,) in _asked(ODDITIES, table)
        if oddity
    ]


@register(Tags.database)
def check_rights(databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the role may make temporary tables."""
    if DEFAULT_DB_ALIAS not in (databases or ()) or connection.vendor != "postgresql":
        return []
    return [
        Error(
            f"{role} may not make temporary tables, in which `rebuild` and `verify` work: GRANT"
            f" TEMPORARY ON DATABASE {database} TO {role}.",
            id="projections.E004",
        )
        for role, database in _asked(TEMPORARY)
    ]


@register
def check_models(**kwargs: Any) -> list[CheckMessage]:
    """Check that read models do not point to each other by numbers that the database gives."""
    return [
        Error(f"settings.PROJECTIONS[{name!r}]: {problem}", id="projections.E003")
        for name, models in _models()
        for problem in numbered_references(models)
    ]


def _models() -> Iterator[tuple[str, Sequence[type[Model]]]]:
    """The name of each projection, with its MODELS. What is wrong there messaging's checks tell."""
    projections = getattr(settings, "PROJECTIONS", None)
    if isinstance(projections, dict):
        for name, path in cast(dict[str, Any], projections).items():
            with suppress(ImportError, AttributeError, TypeError, ValueError):
                yield name, [*import_module(path).MODELS]


def _asked(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """The rows; none if the database does not answer, which other checks tell."""
    with suppress(DatabaseError, InterfaceError), connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
    return []
