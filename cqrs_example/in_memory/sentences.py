"""The message of a scenario that fails: the steps so far, the expected lines, the lines that it
got, and where they differ."""

from collections.abc import Iterable
from difflib import ndiff
from itertools import groupby

Line = tuple[str, object]  # a stream, or an outcome, or ""; and the event, command or sentence


def failure(steps: Iterable[tuple[str, Line]], expected: list[Line], got: list[Line]) -> str:
    """The message of a scenario that failed. A step is a word, such as "Given", and a line."""
    story = groupby(steps, key=lambda step: step[0])
    parts = [(word, [as_text(line) for _, line in part]) for word, part in story]
    ours, theirs = list(map(as_text, expected)), list(map(as_text, got))
    difference = [line.rstrip() for line in ndiff(ours, theirs)]
    parts += [("Expected", ours), ("Got", theirs), ("Difference (- expected, + got)", difference)]
    return "\n".join(
        text for word, lines in parts for text in (word, *indented(lines or ["nothing"]))
    )


def as_text(line: Line) -> str:
    """A line as its sentence, if it has one, and as Python."""
    where, thing = line
    sentence, code = str(thing), repr(thing)
    text = sentence if sentence == code or isinstance(thing, str) else f"{sentence}: {code}"
    return f"{where}: {text}" if where else text


def indented(lines: Iterable[str]) -> list[str]:
    """Each line four spaces to the right."""
    return [f"    {line}" for line in lines]
