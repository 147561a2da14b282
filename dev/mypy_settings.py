"""What mypy reads settings and models from. It works outside of `make` as well, where none of the
variables is set, and knows the models of the tests."""

import os

from dev.environment import development_values

for name, value in development_values().items():
    os.environ.setdefault(name, value)

from cqrs_example.settings.persisted_sync import *  # noqa: E402, F403
from cqrs_example.settings.persisted_sync import INSTALLED_APPS as APPS  # noqa: E402

INSTALLED_APPS = [*APPS, "tests.bank"]
