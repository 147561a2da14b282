"""Which rows of a live table differ from the temporary one that hides it: found without a lock."""

from django.db import connection
from django.db.backends.utils import truncate_name

from .tables import Table

Part = range  # of the rows that differ, which are numbered from 0

# By number, those first that are too many: they may hold what is unique besides the key.
CREATE = (
    "CREATE TEMP TABLE {different} AS SELECT 0::bigint AS nth_of_those, {key} FROM {name} LIMIT 0"
)
INDEX = "CREATE UNIQUE INDEX ON {different} (nth_of_those)"
COMPARE = """
    INSERT INTO {different}
    SELECT row_number() OVER (ORDER BY new.{first} IS NOT NULL) - 1, {either}
    FROM {live} AS live FULL JOIN {name} AS new ON {same_key}
    WHERE live.{first} IS NULL OR new.{first} IS NULL OR NOT ({same_values})
"""


def prepare(table: Table) -> None:
    """Make room for what `compare` finds."""
    with connection.cursor() as cursor:
        for sql in (CREATE, INDEX):
            cursor.execute(_filled_in(sql, table))


def forget(table: Table) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_filled_in("TRUNCATE {different}", table))


def compare(table: Table) -> int:
    """Note the rows that differ in the transaction's snapshot; returns how many they are."""
    with connection.cursor() as cursor:
        cursor.execute(_filled_in(COMPARE, table))
        return int(cursor.rowcount)


def among(joined_by: str, row: str, table: Table, part: Part | None) -> str:
    """SQL after the table of `row`, up to its WHERE: only rows of this part, or any."""
    if part is None:
        return "WHERE true"
    same = " AND ".join(f"{row}.{column} = one_of_those.{column}" for column in table.key)
    numbers = f"nth_of_those >= {part.start} AND nth_of_those < {part.stop}"
    return f"{joined_by} {different(table)} AS one_of_those WHERE {numbers} AND {same}"


def different(table: Table) -> str:
    """The temporary table that says which rows of this one differ."""
    name = f"{table.name.strip(chr(34))} differs"
    # Postgres would cut off the end of a long name, and it would be that of the table itself.
    return connection.ops.quote_name(truncate_name(name, connection.ops.max_name_length()))


def _filled_in(sql: str, table: Table) -> str:
    parts = {"live": table.live, "name": table.name, "first": table.key[0]}
    either = ", ".join(f"coalesce(live.{column}, new.{column})" for column in table.key)
    keys = {"key": ", ".join(table.key), "either": either, "different": different(table)}
    return sql.format(**parts, **keys, same_key=table.same_key, same_values=table.same_values)
