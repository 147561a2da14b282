"""Find the positions of events from their times, without an index on time."""

from datetime import datetime

from ..eventstore.log import END
from .looking import rows

# `recorded_at` is the time at which a statement began, but it gets its positions while it runs. A
# statement that began later may get lower positions, so times do not strictly grow with positions.
# A range of times finds all of its events unless two events in the wrong order are further apart
# than this many positions.
OUT_OF_ORDER = 20_000
MOST_CATEGORIES = 30

# The lowest position such that the event after it, if there is one, is not older than the time. It
# is found by halving, with one look into the primary key at each step. Gaps do no harm.
HALVE = """(
    WITH RECURSIVE halved (low, high) AS (
        SELECT coalesce(min(position), 1) - 1, coalesce(max(position), 0) FROM eventstore_event
      UNION ALL
        SELECT CASE WHEN reached THEN low ELSE middle + 1 END,
               CASE WHEN reached THEN middle ELSE high END
        FROM halved,
            LATERAL (SELECT (low + high) / 2 AS middle) AS half,
            LATERAL (SELECT coalesce((SELECT recorded_at >= %s::timestamptz FROM eventstore_event
                WHERE position > middle ORDER BY position LIMIT 1), true) AS reached) AS look
        WHERE low < high)
    SELECT low FROM halved WHERE low >= high)
"""
# The categories of streams, one look into the index for each: behind the last stream of a category
# comes the first one that is greater than "category." ("." is the character after "-").
CATEGORIES = f"""(
    WITH RECURSIVE category (name) AS (
        (SELECT split_part(stream, '-', 1) FROM eventstore_event ORDER BY stream LIMIT 1)
      UNION ALL
        SELECT (SELECT split_part(stream, '-', 1) FROM eventstore_event
            WHERE stream >= category.name || '.' ORDER BY stream LIMIT 1)
        FROM category WHERE category.name IS NOT NULL)
    SELECT array_agg(name) FROM (
        SELECT name FROM category WHERE name IS NOT NULL LIMIT {MOST_CATEGORIES}) AS named)
"""  # noqa: S608 (no input in it)
BETWEEN = f"""SELECT
    CASE WHEN %s::timestamptz IS NULL THEN 0 ELSE {HALVE} - {OUT_OF_ORDER} END,
    CASE WHEN %s::timestamptz IS NULL THEN {END} ELSE {HALVE} + {OUT_OF_ORDER} + 1 END,
    {CATEGORIES}"""


def positions_between(since: datetime | None, until: datetime | None) -> tuple[int, int, list[str]]:
    """Two positions, both exclusive, between which all events from `since` to before `until` are.

    Other events may be between them too, so the caller still compares times: see `OUT_OF_ORDER`.

    The third value needs no query of its own: the first `MOST_CATEGORIES` categories of streams. A
    category is the part of a stream's name before the first `-`.
    """
    [(low, high, categories)] = rows(BETWEEN, [since, since, until, until])
    return low, high, categories or []
