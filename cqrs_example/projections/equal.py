"""Make a live table equal to the temporary table that hides it."""

from typing import Any

from django.db import IntegrityError, connection

from .comparing import Part, among
from .tables import Table, Unreplayable

DELETE = """
    DELETE FROM {live} AS live {among_live}
    AND NOT EXISTS (SELECT FROM {name} AS new WHERE {same})
"""
UPSERT = """
    INSERT INTO {live} AS live ({columns}) SELECT {new_columns} FROM {name} AS new {among_new}
    AND NOT EXISTS (SELECT FROM {live} AS live WHERE {same_key} AND {same_values})
    ON CONFLICT ({key}) DO {update}
"""
# Whether something besides the key is unique. Then two rows may have to swap a value.
KEPT_APART = """
    SELECT EXISTS (
        SELECT FROM pg_index WHERE indrelid = %s::regclass AND NOT indisprimary
            AND (indisexclusion OR indisunique AND NOT %s <@ ARRAY(
                SELECT format('"%%s"', attname) FROM pg_attribute
                WHERE attrelid = indrelid AND attnum = ANY(indkey[0:indnkeyatts - 1])
            ))
    )
"""
# Foreign keys that would object, or act, if a row was deleted and inserted again: they are checked
# at once, have an ON DELETE action, or point to other columns than the key.
NOTICED_BY = """
    SELECT format('%%s of %%s', conname, conrelid::regclass) FROM pg_constraint
    WHERE contype = 'f' AND confrelid = %s::regclass
        AND NOT (condeferred AND confdeltype = 'a' AND %s @> ARRAY(
            SELECT format('"%%s"', attname) FROM pg_attribute
            WHERE attrelid = confrelid AND attnum = ANY(confkey)
        ))
"""


def make_equal(table: Table, part: Part | None = None) -> int:
    """Change the rows that differ; returns their number.

    With `part` it looks only at these of the rows that `compare` has noted. Raises `Unreplayable`
    if a foreign key prevents it.
    """
    update = ", ".join(f"{column} = excluded.{column}" for column in table.values)
    values = {
        "live": table.live,
        "name": table.name,
        "key": ", ".join(table.key),
        "columns": ", ".join(table.columns),
        "new_columns": ", ".join(f"new.{column}" for column in table.columns),
        "among_live": among("USING", "live", table, part),
        "among_new": among(",", "new", table, part),
        "same_key": table.same_key,
        "same_values": table.same_values,
        "update": f"UPDATE SET {update}" if update else "NOTHING",
    }
    with connection.cursor() as cursor:
        if part is not None:  # row by row along the keys, not through both tables for each part
            cursor.execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
        # Delete first, in case another column is unique as well.
        cursor.execute(DELETE.format(**values, same=table.same_key))
        deleted = cursor.rowcount
        parameters: list[Any] = [table.live, list(table.key)]
        cursor.execute(KEPT_APART, parameters)
        [kept_apart] = cursor.fetchone()
        cursor.execute(NOTICED_BY, parameters)
        noticed_by = ", ".join(name for (name,) in cursor.fetchall())
        if kept_apart and not noticed_by:
            cursor.execute(
                DELETE.format(**values, same=f"{table.same_key} AND {table.same_values}")
            )
        _upsert(cursor, UPSERT.format(**values), table, noticed_by if part is None else "")
        return int(deleted + cursor.rowcount)


def _upsert(cursor: Any, sql: str, table: Table, noticed_by: str) -> None:
    try:
        cursor.execute(sql)
    except IntegrityError as error:
        if not noticed_by:
            raise
        reason = str(error).splitlines()[0]
        raise Unreplayable(
            f"Rows of {table.live} cannot swap values: {reason}. The rebuild would have to delete"
            f" and insert them, which these foreign keys do not allow: {noticed_by}. Drop these"
            " keys, rebuild, and make them again: DEFERRABLE INITIALLY DEFERRED, and pointing to"
            " the columns that identify a row."
        ) from error
