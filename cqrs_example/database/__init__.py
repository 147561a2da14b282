"""Django's backend for Postgres with fewer round trips.

It is optional. To use it, set `ENGINE` in `settings.DATABASES` to the path of this package.
"""

VERSION = "1"
