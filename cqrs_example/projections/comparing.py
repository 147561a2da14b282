"""Find, without a lock, the rows of a live table that differ from the temporary one."""

from django.db import connection
from django.db.backends.utils import truncate_name

from .tables import Table

Part = range  # numbers of rows that differ; the first has the number 0

# Numbers the rows. Rows to delete come first, since they may hold a value that is unique.
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
    """Make the temporary table into which `compare` writes."""
    with connection.cursor() as cursor:
        for sql in (CREATE, INDEX):
            cursor.execute(_filled_in(sql, table))


def forget(table: Table) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_filled_in("TRUNCATE {different}", table))


def compare(table: Table) -> int:
    """Note the rows that differ in the transaction's snapshot; returns their number."""
    with connection.cursor() as cursor:
        cursor.execute(_filled_in(COMPARE, table))
        return int(cursor.rowcount)


def among(joined_by: str, row: str, table: Table, part: Part | None) -> str:
    """SQL to follow the table of `row`, with WHERE: only rows of this part, or, for None, all."""
    if part is None:
        return "WHERE true"
    same = " AND ".join(f"{row}.{column} = one_of_those.{column}" for column in table.key)
    numbers = f"nth_of_those >= {part.start} AND nth_of_those < {part.stop}"
    return f"{joined_by} {different(table)} AS one_of_those WHERE {numbers} AND {same}"


def different(table: Table) -> str:
    """The name of the temporary table that lists the rows of this table that differ."""
    name = f"{table.name.strip(chr(34))} differs"
    # Postgres cuts off the end of a long name, which would then be that of the table itself.
    return connection.ops.quote_name(truncate_name(name, connection.ops.max_name_length()))


def _filled_in(sql: str, table: Table) -> str:
    parts = {"live": table.live, "name": table.name, "first": table.key[0]}
    either = ", ".join(f"coalesce(live.{column}, new.{column})" for column in table.key)
    keys = {"key": ", ".join(table.key), "either": either, "different": different(table)}
    return sql.format(**parts, **keys, same_key=table.same_key, same_values=table.same_values)
