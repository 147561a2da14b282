"""All that one request caused, as a tree: a command, its events, and the policies and commands that
these events caused in turn."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, cast
from uuid import UUID

from ..eventstore import RecordedEvent
from ..eventstore.recorded import COLUMNS
from .looking import look

MOST = 100
# A page folds a tree with more lines than `MOST_UNFOLDED`. It leaves `NEAR` lines open before and
# after its event.
MOST_UNFOLDED, NEAR = 20, 3
# No index has the events of a correlation id in order. If there are more than this, a page shows
# some of them, and not the first ones.
SORTED = 10_000
CORRELATED = f"""SELECT {COLUMNS} FROM (
        SELECT * FROM eventstore_event WHERE correlation_id = %s LIMIT {SORTED}) AS correlated
    ORDER BY position LIMIT %s"""  # noqa: S608 (no input in it)


@dataclass(frozen=True)
class Step:
    """A line of the tree: a command, a policy or an event; `depth` is its indentation.

    The `name` of a policy is that of the command that it issued, or its own if it only appended
    events.
    """

    depth: int
    kind: Literal["command", "policy", "event"]
    name: str
    event: RecordedEvent[Any] | None = None


def trace(correlation_id: UUID, limit: int = MOST) -> list[Step]:
    """The first `limit` events with this correlation id, each below its cause.

    An event whose cause is not among them is at the top. No event is left out, not even those whose
    ids say that they cause each other.
    """
    events = look(CORRELATED, [correlation_id, limit])
    known = {event.id for event in events}
    caused = defaultdict[UUID, list[RecordedEvent[Any]]](list)
    for event in events:
        caused[event.causation_id].append(event)
    roots = [event for event in events if event.causation_id not in known]
    shown: set[UUID] = set()
    # Events that remain after the roots cause each other in a circle: any of them may come first.
    begins = [roots, *([event] for event in events)]
    return [step for begin in begins for step in _steps(begin, caused, shown)]


def _steps(
    begin: Iterable[RecordedEvent[Any]],
    caused: dict[UUID, list[RecordedEvent[Any]]],
    shown: set[UUID],
) -> Iterator[Step]:
    stack = _by_command(0, [event for event in begin if event.id not in shown])
    while stack:
        step = stack.pop()
        if step.event is None:
            yield step
        elif step.event.id not in shown:
            shown.add(step.event.id)
            yield step
            stack += _by_command(step.depth + 1, caused.get(step.event.id, ()))


def _by_command(depth: int, events: Iterable[RecordedEvent[Any]]) -> list[Step]:
    """The steps of these events, last first.

    Each command comes once, above all of its events, even if the log has those of another command
    between them.
    """
    commands = defaultdict[Any, list[RecordedEvent[Any]]](list)
    for event in events:
        commands[event.causation_id, origin(event).get("id")].append(event)
    return [step for group in commands.values() for step in _headed(depth, group)][::-1]


def _headed(depth: int, events: list[RecordedEvent[Any]]) -> Iterator[Step]:
    command = origin(events[0])
    if command:
        sent = depth == 0 and "fields" in command
        kind: Literal["command", "policy"] = "command" if sent else "policy"
        yield Step(depth, kind, str(command.get("name")))
    for event in events:
        yield Step(depth + 1, "event", event.type, event)


def origin(event: RecordedEvent[Any]) -> dict[str, Any]:
    """The command that the metadata names; empty if it names none, as in imported events."""
    command = event.metadata.get("command")
    return cast(dict[str, Any], command) if isinstance(command, dict) else {}


def who(event: RecordedEvent[Any]) -> str:
    """The actor that the metadata names; empty if it names none."""
    actor = event.metadata.get("actor")
    return actor if isinstance(actor, str) else ""


def folded(steps: Sequence[Step], position: int) -> list[tuple[bool, list[Step]]]:
    """The steps in parts, each with whether a page folds it.

    If there are many steps, a page folds those far from the event at this position. It leaves open
    the first step, the event's neighbours, and the steps that led to it.
    """
    here = next((n for n, step in enumerate(steps) if _is_at(step, position)), 0)
    near = {0, *range(here - NEAR, here + NEAR + 1), *_ancestors(steps, here)}
    parts: list[tuple[bool, list[Step]]] = []
    few = len(steps) <= MOST_UNFOLDED
    for far, group in groupby(enumerate(steps), key=lambda numbered: numbered[0] not in near):
        part = [step for _, step in group]
        parts.append((far and not few and len(part) > 1, part))
    return parts


def _is_at(step: Step, position: int) -> bool:
    return step.event is not None and step.event.position == position


def _ancestors(steps: Sequence[Step], here: int) -> Iterator[int]:
    """The numbers of the steps that led to this one, the nearest first."""
    depth = steps[here].depth if steps else 0
    for number in range(here, -1, -1):
        if steps[number].depth < depth:
            depth = steps[number].depth
            yield number
