"""Temporary tables that hide those of a read model from this session."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from django.db import connection, models

from .sessions import session

WHERE_IT_IS = """
    SELECT format('%%I.%%I', nspname, relname) FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE pg_class.oid = to_regclass(%s)
"""
NOT_NEEDED = """
    SELECT indexrelid::regclass::text FROM pg_index
    WHERE indrelid = %s::regclass AND NOT indisunique
"""


class Unreplayable(Exception):
    """A projection that cannot be replayed; the message says why, and what to do."""


@dataclass(frozen=True)
class Table:
    """A read model's table, while a temporary one hides it.

    name    found where the session looks first: the temporary one
    live    with its schema: the one that everybody sees
    key     the columns that identify a row
    values  the other columns that the projection determines
    """

    name: str
    live: str
    key: Sequence[str]
    values: Sequence[str]

    @property
    def columns(self) -> list[str]:
        return [*self.key, *self.values]

    @property
    def same_key(self) -> str:
        """SQL: whether a `live` and a `new` row are the same one."""
        return " AND ".join(f"live.{one} = new.{one}" for one in self.key)

    @property
    def same_values(self) -> str:
        """SQL: whether they look the same. NULL is the same as NULL."""
        pairs = [f"live.{one} IS NOT DISTINCT FROM new.{one}" for one in self.values]
        return " AND ".join(pairs) or "true"


@contextmanager
def temporary_tables(module: ModuleType, *, checked: bool = True) -> Iterator[list[Table]]:
    """Hide the tables of a projection from this session behind empty ones of the same names.

    With the CHECK constraints of the live ones, unless `checked` is false. In a new session, which
    ends with this: statements prepared before would know the other tables.
    """
    with session():
        for problem in numbered_references(module.MODELS):
            raise Unreplayable(problem)
        with connection.cursor() as cursor:
            tables = [_table(cursor, model) for model in module.MODELS]
            for table in tables:
                _create(cursor, table, checked)
        yield tables


def numbered_references(models: Sequence[type[models.Model]]) -> Iterator[str]:
    """What is wrong with foreign keys between these models: those to a number that the database
    gives. The live row has another number than the replayed one, and nothing would tell."""
    tables = {model._meta.concrete_model for model in models}
    for field in (field for model in models for field in _columns(model) if field.remote_field):
        parent = field.target_field.model._meta
        if _given(field.target_field) and parent.concrete_model in tables:
            yield (
                f"{field} points to {field.target_field}, a number that the database gives and a"
                " replay gives anew. Let it point to what else is unique there (to_field), or give"
                f" {parent.label} a primary key that the events tell."
            )


def _table(cursor: Any, model: type[models.Model]) -> Table:
    quote = connection.ops.quote_name
    name = quote(model._meta.db_table)
    cursor.execute(WHERE_IT_IS, [name])
    if not (found := cursor.fetchone()):
        raise Unreplayable(f"There is no table {name}: run `manage.py migrate` first.")
    key = [quote(column) for column in _key(model)]
    columns = [quote(one.column) for one in _columns(model) if not _given(one)]
    return Table(name, found[0], key, [one for one in columns if one not in key])


def _create(cursor: Any, table: Table, checked: bool) -> None:
    # Rows are changed many times in a replay: there is room to do it in place, and no index to
    # keep up but those that a projection may rely on.
    like = f"LIKE {table.live} INCLUDING ALL{'' if checked else ' EXCLUDING CONSTRAINTS'}"
    cursor.execute(f"CREATE TEMP TABLE {table.name} ({like}) WITH (fillfactor = 50)")
    cursor.execute(NOT_NEEDED, [table.name])
    for (index,) in cursor.fetchall():
        cursor.execute(f"DROP INDEX {index}")


def _columns(model: type[models.Model]) -> Sequence[Any]:
    """The fields that are columns of this very table, not of a parent's."""
    concrete: Any = model._meta.concrete_model
    return list(concrete._meta.local_concrete_fields)


def _given(field: Any) -> bool:
    """Whether the database fills in this column: nothing that a replay would repeat."""
    return field.generated or field is field.model._meta.auto_field


def _key(model: type[models.Model]) -> list[str]:
    """The columns that identify a row: the primary key, or what else is unique if it is a number
    that the database gives."""
    options: Any = model._meta
    if options.auto_field is None:
        return [field.column for field in options.pk_fields]
    for field in options.concrete_fields:
        if field.unique and not field.primary_key:
            return [field.column]
    for constraint in options.total_unique_constraints:
        return [options.get_field(name).column for name in constraint.fields]
    raise Unreplayable(
        f"{options.label} has an automatic primary key and nothing unique beside it:"
        " its rows cannot be told apart. Give it a UniqueConstraint."
    )
