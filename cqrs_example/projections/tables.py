"""Temporary tables that hide the tables of a read model from this session."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from django.db import connection, models

from ..messaging.keys import is_given, key_fields, own_fields
from .sessions import session

WHERE_IT_IS = """
    SELECT format('%%I.%%I', nspname, relname) FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE pg_class.oid = to_regclass(%s)
"""
NOT_NEEDED = """
    SELECT indexrelid::regclass::text FROM pg_index
    WHERE indrelid = %s::regclass AND NOT indisunique AND NOT indisexclusion
"""
# Columns of the type serial. LIKE copies their default, which uses the live table's sequence.
SERIAL = """
    SELECT quote_ident(attname) FROM pg_attribute
    JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attrelid = %s::regclass AND pg_get_expr(adbin, adrelid) LIKE 'nextval(%%'
"""


class Unreplayable(Exception):
    """A projection that cannot be replayed; the message says why, and what to do."""


@dataclass(frozen=True)
class Table:
    """A read model's table, while a temporary one hides it.

    name    the table that this session finds: the temporary one
    live    the table that everybody else sees, with its schema
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
        """SQL: whether a `live` and a `new` row have the same key."""
        return " AND ".join(f"live.{column} = new.{column}" for column in self.key)

    @property
    def same_values(self) -> str:
        """SQL: whether they have the same values. NULL is the same as NULL."""
        pairs = [f"live.{column} IS NOT DISTINCT FROM new.{column}" for column in self.values]
        return " AND ".join(pairs) or "true"


@contextmanager
def temporary_tables(
    module: ModuleType, *, checked: bool = True
) -> Generator[list[Table], None, None]:
    """Hide the tables of a projection from this session behind empty tables of the same names.

    These have the CHECK constraints of the live tables, unless `checked` is false. The session is
    new and ends with this context, since statements that were prepared before would use the live
    tables.
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
    """A sentence for each foreign key between these models that points to a number from the
    database. The replayed row has another number than the live one, so that the comparison would
    be wrong."""
    tables = {model._meta.concrete_model for model in models}
    for field in (field for model in models for field in own_fields(model) if field.remote_field):
        parent = field.target_field.model._meta
        if is_given(field.target_field) and parent.concrete_model in tables:
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
    columns = [quote(field.column) for field in own_fields(model) if not is_given(field)]
    return Table(name, found[0], key, [column for column in columns if column not in key])


def _create(cursor: Any, table: Table, checked: bool) -> None:
    # A replay changes rows many times. A low fillfactor leaves room to do so in place, and only
    # those indexes are made that a projection may rely on.
    like = f"LIKE {table.live} INCLUDING ALL{'' if checked else ' EXCLUDING CONSTRAINTS'}"
    cursor.execute(f"CREATE TEMP TABLE {table.name} ({like}) WITH (fillfactor = 50)")
    cursor.execute(NOT_NEEDED, [table.name])
    for (index,) in cursor.fetchall():
        cursor.execute(f"DROP INDEX {index}")
    cursor.execute(SERIAL, [table.name])
    for (column,) in cursor.fetchall():
        alter = f"ALTER TABLE {table.name} ALTER {column}"
        cursor.execute(f"{alter} DROP DEFAULT; {alter} ADD GENERATED BY DEFAULT AS IDENTITY")


def _key(model: type[models.Model]) -> list[str]:
    try:
        return [field.column for field in key_fields(model)]
    except TypeError as error:
        raise Unreplayable(str(error)) from error
