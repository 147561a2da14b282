"""From times to positions, without an index on time."""

from datetime import datetime

from ..eventstore.log import END
from .looking import rows

# `recorded_at` is when a statement began, and its positions are handed out while it runs: those of
# another that began later may be lower. So times grow with positions only nearly. A time range is
# exact as long as no two events stand in the wrong order with more positions than this in between.
OUT_OF_ORDER = 20_000
MOST_CATEGORIES = 30

# The lowest position such that the event after it, if there is one, is not from before that time:
# found by halving, each time with one look into the primary key. Gaps do no harm.
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
# From one category to the first stream after it ("." comes after "-"): one look for each.
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
    """Positions around all events from `since` on and before `until`, both exclusive.

    The times still have to be compared: see `OUT_OF_ORDER`. And, since it costs no query of its
    own, the first categories of streams there are: the part of their names before the first `-`.
    """
    [(low, high, categories)] = rows(BETWEEN, [since, since, until, until])
    return low, high, categories or []
