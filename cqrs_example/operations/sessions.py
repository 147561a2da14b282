"""A database session for one piece of work."""

from collections.abc import Generator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connection, connections

from .asking import Unfit, require_own_session


@contextmanager
def own_session() -> Generator[None, None, None]:
    """A new session for this thread, outside of any pool, which is closed at the end. So its locks,
    settings and temporary tables end with it. Raises `Unfit` within a transaction, behind a pooler,
    and if the session does not meet `SESSION`."""
    if connection.in_atomic_block:
        raise Unfit("This needs a session of its own: call it outside transaction.atomic().")
    shared = connections[DEFAULT_DB_ALIAS]
    own = connections.create_connection(DEFAULT_DB_ALIAS)
    options = {key: it for key, it in shared.settings_dict["OPTIONS"].items() if key != "pool"}
    own.settings_dict = {**shared.settings_dict, "OPTIONS": options}
    connections[DEFAULT_DB_ALIAS] = own
    try:
        require_own_session()
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = shared
        own.close()
