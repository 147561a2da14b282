"""A database session that belongs to one piece of work alone."""

from collections.abc import Generator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connection, connections

from .asking import Unfit, require_own_session


@contextmanager
def own_session() -> Generator[None, None, None]:
    """A new session for this thread: neither from a pool nor back into one, so that its locks,
    settings and temporary tables end with it. Raises `Unfit` in a transaction, behind a pooler, and
    where the session is not what `SESSION` says."""
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
