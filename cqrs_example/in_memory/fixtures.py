"""For pytest: name this module in `addopts`, as `-p cqrs_example.in_memory.fixtures`."""

from collections.abc import Iterator

import pytest

from .scenario import Scenario


@pytest.fixture
def scenario() -> Iterator[Scenario]:
    """A scenario with an empty log; the test fails if no `then…` follows its last command."""
    scenario = Scenario()
    yield scenario
    scenario.require_checked()
