"""Compare the rows about one stream with those that its events make, while somebody waits."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connection, models

from ..eventstore.recorded import SELECT, query
from ..messaging import hears
from .delivered import reached
from .differences import AFFORDABLE, Difference
from .replay import projection
from .runs import telling
from .sessions import column, snapshot
from .tables import Table, Unreplayable, temporary_tables

PATIENCE = "5s"  # for each statement
MOST = AFFORDABLE  # rows
# The stream's own events, and the events that they caused in other streams; indexes find both.
ABOUT = f"""
    {SELECT} WHERE position <= %s AND position IN (
        (SELECT position FROM eventstore_event WHERE stream = %s LIMIT {AFFORDABLE + 1})
        UNION ALL
        SELECT effect.position FROM (
            SELECT id FROM eventstore_event WHERE stream = %s LIMIT {AFFORDABLE + 1}) AS cause
        JOIN eventstore_event AS effect ON effect.causation_id = cause.id)
    ORDER BY position LIMIT %s"""


def verify_stream(name: str, stream: str, fields: Mapping[str, Any]) -> tuple[int, list[str]]:
    """The number of rows in which these fields have these values, and a sentence for each that
    differs.

    They are compared with the rows that the stream's events, and the events that these caused, lead
    to. It takes one snapshot and no lock. Raises `Unreplayable`, also if there are too many events.
    """
    module = telling(projection(name))
    # Without CHECK constraints: a row that breaks one is reported, and does not end the replay.
    with temporary_tables(module, checked=False) as tables:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, false)", [PATIENCE])
            cursor.execute("SET enable_sort = on")  # few events: not along the index of all
        with snapshot():
            events = query(ABOUT, [reached(name, 0), stream, stream, AFFORDABLE + 1])
            if len(events) > AFFORDABLE:
                raise Unreplayable(
                    f"The stream has more than {AFFORDABLE:,} events: that is too much to be"
                    f" replayed while somebody waits. Start a verification of all of {name}."
                )
            if heard := [event for event in events if hears(module.project, event)]:
                module.project(heard)
            found = [
                pair
                for table, model in zip(tables, module.MODELS, strict=True)
                for pair in _pairs(table, model, fields)
            ]
    return len(found), [str(pair) for pair in found if pair.live != pair.new]


def _pairs(
    table: Table, model: type[models.Model], fields: Mapping[str, Any]
) -> Iterator[Difference]:
    """Each row as it is and as it should be."""
    names = {field.attname: str(field.column) for field in model._meta.concrete_fields}
    if not fields.keys() <= names.keys():
        return  # this model of the projection lacks such columns
    live, new = (
        _rows(source, table, {names[name]: value for name, value in fields.items()})
        for source in (table.live, table.name)
    )
    for key in {**live, **new}:
        yield Difference(table, live.get(key), new.get(key), "so the stream's events have it")


def _rows(source: str, table: Table, fields: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Keys of rows, each with its row, without columns that the database numbers."""
    where = " AND ".join(f"{connection.ops.quote_name(name)} = %s" for name in fields)
    sql = f"SELECT to_jsonb(one)::text FROM {source} AS one WHERE {where} LIMIT {MOST}"
    found = map(json.loads, column(sql, *fields.values()))
    rows = [{name.strip('"'): row[name.strip('"')] for name in table.columns} for row in found]
    return {str([row[name.strip('"')] for name in table.key]): row for row in rows}
