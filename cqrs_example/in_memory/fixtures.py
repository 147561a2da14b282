"""For pytest: name this module in `addopts`, as `-p cqrs_example.in_memory.fixtures`."""

from collections.abc import Iterator

import pytest

from .scenario import Scenario


@pytest.fixture
def scenario() -> Iterator[Scenario]:
    """An empty log, and a test that fails if it does not say what its last command came to."""
    scenario = Scenario()
    yield scenario
    scenario.require_checked()
