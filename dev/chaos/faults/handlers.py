"""Processes that die, and handlers that fail, at the worst moments of a command."""

from dev.chaos import failpoints
from dev.chaos.harness import Harness
from dev.processes import wait_until


def died_before_answer(harness: Harness) -> int:
    """The process dies between the commit and the answer, five times."""
    return _dies(harness, failpoints.DIE_BEFORE_ANSWER)


def died_before_projection(harness: Harness) -> int:
    """The process dies between the event's insertion and the read model's, five times."""
    return _dies(harness, failpoints.DIE_BEFORE_PROJECTION)


def handler_raises(harness: Harness) -> int:
    """A handler raises on every seventh event, until it has raised a hundred times."""
    file = harness.folder / failpoints.RAISE
    file.touch()
    harness.load.wait_for_failures(100)
    file.unlink()
    return 0


def _dies(harness: Harness, name: str) -> int:
    file = harness.folder / name
    for _ in harness.load.turns(5, commands=5):
        file.touch()
        wait_until(lambda: not file.exists(), "a process that died")
    return 5


FAULTS = (died_before_answer, died_before_projection, handler_raises)
