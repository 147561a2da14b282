"""Which tests do not run in a mode: docs/memory-sync.md lists them, and says why."""

import re
from pathlib import Path

from dev.modes import MODES, chosen_mode

LIST = Path(__file__).parent.parent / "docs" / "memory-sync.md"
LINE = re.compile(rf"^\| `(test_\w+)` \| `({'|'.join(MODES)})` \| \S.*\|$", re.MULTILINE)


def not_in(mode: str) -> set[str]:
    """The names of the tests that do not run in this mode."""
    return {test for test, excluded in LINE.findall(LIST.read_text()) if excluded == mode}


def runs_here(test: str) -> bool:
    return test not in not_in(chosen_mode())
