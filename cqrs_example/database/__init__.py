"""Django's backend for Postgres with fewer round trips. Optional: set it as `ENGINE`."""

VERSION = "1"
