"""Read models that can be rebuilt from the log while the application runs, and proven against it.

Both replay the log through the projections' own code. What that code writes goes into temporary
tables with the read models' own names: Postgres looks for a table among the session's temporary
ones first, they need no privilege beyond TEMP, and they vanish with the session, whatever ends it.

    manage.py rebuild balances      # or --all
    manage.py verify                # or verify balances

A projection replayed like this must write to nothing but its MODELS, and read nothing else.
Policies are never replayed.
"""

VERSION = "2"
