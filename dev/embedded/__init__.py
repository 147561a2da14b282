"""Database backend for the embedded Postgres: says how to start it when it is not running."""
