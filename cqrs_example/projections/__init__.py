"""Rebuild read models from the log while the application runs, and verify them against it.

Both replay the log through the projections' own code, which writes to temporary tables with the
names of the read models' tables. Postgres looks for a table among the session's temporary tables
first. Temporary tables need no privilege but TEMP, and are dropped when the session ends.

    manage.py rebuild balances      # or --all
    manage.py verify                # or verify balances

The code of a projection must write to no tables but those of its MODELS, and read no others.
Policies are never replayed.
"""

VERSION = "4"
