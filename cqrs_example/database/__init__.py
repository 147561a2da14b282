"""Django's backend for Postgres with fewer round trips: an `ENGINE`. Optional."""

VERSION = "1"
