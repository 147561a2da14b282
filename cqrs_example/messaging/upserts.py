"""Insert or update rows of a read model, any number of them with one statement.

    upsert(Balance, [{"account": "ann", "amount": 70}, {"account": "bob", "amount": 30}])
    upsert(Day, [{"day": today, "deposits": 1}], add=["deposits"])

Django's `bulk_create(update_conflicts=True)` can write the first. But it waits for the database's
answer. And it has a parameter for each value, so that Postgres plans a new statement for each
number of rows.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, models
from psycopg import ProgrammingError
from psycopg.adapt import PyFormat, Transformer
from psycopg.types.json import Jsonb

from ..eventstore.statements import later
from .keys import Model, is_given, key_fields, own_fields

Row = Mapping[str, Any]

# Django writes a value of such a type to such a field unchanged. All other values go through
# `field.get_db_prep_save` first, as they do in the ORM.
AS_THEY_ARE: dict[type[Any], type[Any]] = {
    models.TextField: str,
    models.CharField: str,
    models.IntegerField: int,
    models.BigIntegerField: int,
    models.BooleanField: bool,
    models.UUIDField: UUID,
    models.DateField: date,
    models.DateTimeField: datetime,
    models.DecimalField: Decimal,
}


def upsert(model: Model, rows: Iterable[Row], *, add: Sequence[str] = ()) -> None:
    """Insert each row, or overwrite the fields of the row that has the same key.

    A row maps names of fields to values; all rows have the same fields. The key is the primary key,
    or, where the database numbers the rows, something else that is unique (see `key_fields`).

    The fields that `add` names are added to those of the existing row. That is safe in a
    projection, which hears of each event once. Postgres checks CHECK constraints before it adds, so
    an amount must be one that a new row could have.

    The statement is sent with the next one or with COMMIT, and its errors are raised there (see
    `later`). Raises `ValueError` when two rows have the same key. Raises `TypeError` for a model
    without a key, for fields that do not fit, and for values such as `F("amount") + 1`.
    """
    given = list(rows)
    if not given:
        return
    sql, fields, kinds, key = _plan(model, tuple(given[0]), tuple(add))
    ready = [_ready(row, fields, kinds) for row in given]
    by_key = {str(key(row)): row for row in ready}
    if len(by_key) < len(ready):
        twice, _ = Counter(str(key(row)) for row in ready).most_common(1)[0]
        raise ValueError(f"Two rows of {model.__name__} have the key {twice}: make one of them.")
    # Sorted by key: two transactions that wrote the same rows in different orders would deadlock.
    later(sql, [_as_json([by_key[each] for each in sorted(by_key)])])


def statement(model: Model, names: tuple[str, ...], add: tuple[str, ...] = ()) -> str:
    """The SQL of an upsert: its one parameter is a JSON array of objects with these names."""
    quote = connection.ops.quote_name
    fields = [_field(model, name) for name in names]
    columns = [quote(field.column) for field in fields]
    key = key_fields(model)
    if missing := [field.name for field in key if field not in fields]:
        raise TypeError(f"A row of {model.__name__} lacks its key: {', '.join(missing)}.")
    added = [_added(model, name, fields) for name in add]
    sets = [
        f"{column} = {f'there.{column} + ' if field in added else ''}excluded.{column}"
        for field, column in ((field, quote(field.column)) for field in fields if field not in key)
    ]
    types = [f"{quote(n)} {f.db_type(connection)}" for n, f in zip(names, fields, strict=True)]
    return f"""
        INSERT INTO {quote(model._meta.db_table)} AS there ({", ".join(columns)})
        SELECT {", ".join(map(quote, names))}
        FROM jsonb_to_recordset(%s::jsonb) AS new ({", ".join(types)})
        ON CONFLICT ({", ".join(quote(field.column) for field in key)})
        DO {"UPDATE SET " + ", ".join(sets) if sets else "NOTHING"}
    """  # noqa: S608 (names of the model, no input)


@cache
def _plan(model: Model, names: tuple[str, ...], add: tuple[str, ...]) -> tuple[Any, ...]:
    """The SQL, the fields, their types and the key's getter, for all rows with these names."""
    fields = {name: _field(model, name) for name in names}
    kinds = [AS_THEY_ARE.get(field.__class__) for field in fields.values()]
    sql = statement(model, names, add)
    key = itemgetter(*(name for name, field in fields.items() if field in key_fields(model)))
    return sql, fields, kinds, key


def _field(model: Model, name: str) -> Any:
    for field in own_fields(model):
        if name in (field.name, field.attname):
            if is_given(field):
                raise TypeError(f"The database gives {field} its value: leave it out of the rows.")
            return field
    raise TypeError(f"The table of {model.__name__} has no field {name}.")


def _added(model: Model, name: str, fields: Sequence[Any]) -> Any:
    field = _field(model, name)
    if field not in fields or field in key_fields(model) or field.null:
        raise TypeError(f"{field} cannot be added to: name a field of the rows that is never NULL.")
    return field


def _ready(row: Row, fields: Mapping[str, Any], kinds: Sequence[Any]) -> Row:
    """The row with values that JSON can hold; where types differ, the fields convert them."""
    if [type(value) for value in row.values()] == kinds and list(row) == list(fields):
        return row
    if row.keys() != fields.keys():
        raise TypeError(f"All rows need the same fields, {', '.join(fields)}, but one has {row}.")
    ready = {name: field.get_db_prep_save(row[name], connection) for name, field in fields.items()}
    # As text, since JSON has no NaN and Postgres reads "NaN".
    return {name: str(v) if isinstance(v, float) else v for name, v in ready.items()}


def _plain(value: Any) -> Any:
    """A value that JSON has no form for, as a text that Postgres reads."""
    if isinstance(value, datetime) and value.tzinfo is None and settings.USE_TZ:
        raise TypeError(f"{value!r} has no time zone: give it one.")
    if isinstance(value, date | UUID | Decimal):  # a datetime is a date
        return str(value)
    if isinstance(value, Jsonb):
        return json.loads((value.dumps or json.dumps)(value.obj))
    try:
        connection.ensure_connection()
        dumper = Transformer(connection.connection).get_dumper(value, PyFormat.TEXT)
        return bytes(dumper.dump(value) or b"").decode()
    except ProgrammingError as error:
        raise TypeError(f"{value!r} cannot be written as it is: compute it first.") from error


_as_json = json.JSONEncoder(default=_plain, allow_nan=False).encode
