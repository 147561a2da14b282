"""What is said to differ between the modes is there to differ."""

import re
from pathlib import Path

import pytest

from dev.modes import MODES

from .modes import not_in
from .slices import SLICES

ROOT = Path(__file__).parent.parent


@pytest.mark.slices(*SLICES)
@pytest.mark.parametrize("mode", MODES)
def test_each_test_that_does_not_run_in_a_mode_is_there(mode: str) -> None:
    files = [*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("warehouse/**/test*.py")]
    there = {
        name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(), re.M)
    }
    assert not_in(mode) <= there, "docs/memory-sync.md lists a test that is not there."


def test_some_tests_do_not_run_in_workers() -> None:
    """Else the list is not read, and these fail there."""
    assert not_in("persisted_async")
