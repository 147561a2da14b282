"""`manage.py check` reports wrong entries of INVARIANTS, and models that cannot be replayed."""

from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from inspect import signature
from typing import Any, cast

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connection
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


@register(Tags.database)
def check_rights(databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the role may make temporary tables. Other checks report a database that does not
    answer."""
    if DEFAULT_DB_ALIAS not in (databases or ()) or connection.vendor != "postgresql":
        return []
    with suppress(DatabaseError, InterfaceError), connection.cursor() as cursor:
        cursor.execute(TEMPORARY)
        for role, database in cursor.fetchall():
            sentence = f"{role} may not make temporary tables, in which `rebuild` and `verify` work"
            remedy = f"GRANT TEMPORARY ON DATABASE {database} TO {role}."
            return [Error(f"{sentence}: {remedy}", id="projections.E004")]
    return []


@register
def check_models(**kwargs: Any) -> list[CheckMessage]:
    """Check that read models do not point to each other by numbers that the database gives."""
    errors: list[CheckMessage] = []
    projections = getattr(settings, "PROJECTIONS", None)
    if not isinstance(projections, dict):
        return []  # messaging tells it
    for name, path in cast(dict[str, Any], projections).items():
        with suppress(ImportError, AttributeError, TypeError, ValueError):  # messaging tells these
            for problem in numbered_references(import_module(path).MODELS):
                sentence = f"settings.PROJECTIONS[{name!r}]: {problem}"
                errors.append(Error(sentence, id="projections.E003"))
    return errors
