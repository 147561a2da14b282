"""pytest plugin: without DATABASE_URL, and in memory_sync, tests get a throw-away Postgres.

Loaded with `-p`: pytest-django reads the settings before any conftest.py could set the variable.
"""

import atexit
import os
import signal

import pytest

from dev.environment import development_values, reachable_database_url
from dev.failure import DevError
from dev.modes import IN_MEMORY, chosen_mode
from dev.places import TEMPORARY, memory_file_system
from dev.throwaway import start_throwaway


def _prepare() -> None:
    os.environ.update({**development_values(), "DURABLE": "0", **os.environ})
    in_memory = chosen_mode() == IN_MEMORY
    if not in_memory and reachable_database_url():
        return
    # As Ctrl-C, so that SIGTERM too leaves no server behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.environ["DATABASE_URL"], stop = start_throwaway(
        (memory_file_system() if in_memory else None) or TEMPORARY
    )
    atexit.register(stop)


try:
    # The workers of pytest-xdist inherit DATABASE_URL.
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _prepare()
except DevError as error:
    raise pytest.UsageError(str(error)) from None
