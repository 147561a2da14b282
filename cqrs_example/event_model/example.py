"""Carry out the commands of an example, collect values for the picture, and roll all of it back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from ..eventstore import RecordedEvent, read_all
from ..messaging import DomainError
from ..messaging.hearing import command_of
from ..messaging.transaction import UnitOfWork, begin, deliver
from .model import words

# The kind and the name of a box → the lines in it.
Values = Mapping[tuple[str, str], Sequence[str]]


class CannotCarryOut(Exception):
    """The example is wrong; the message says in which line, and why."""


def carried_out(script: Path) -> Values:
    """The values in the boxes after a script, which has a command on each line:

        Deposit account=ann amount=5

    A command that the domain refuses is shown with its refusal. All is rolled back: only numbers of
    positions are used up. Raises `CannotCarryOut` for a file that cannot be read, for a wrong line,
    and where the log has events.
    """
    if next(read_all(), None):
        raise CannotCarryOut("An example needs a database without events: give it an empty one.")
    try:
        lines = script.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CannotCarryOut(f"The example cannot be read: {error}.") from error
    values: dict[tuple[str, str], list[str]] = {}
    with transaction.atomic():
        for number, line in enumerate(lines, 1):
            for kind, name, text in _carry_out(line.split(), number):
                values.setdefault((kind, name), []).append(text)
        for name, text in _rows():
            values.setdefault(("read_model", name), []).append(text)
        transaction.set_rollback(True)
    return values


def _carry_out(line: Sequence[str], number: int) -> Iterator[tuple[str, str, str]]:
    if not line:
        return
    handlers = {
        command_of(handler).__name__: handler for handler in map(import_string, settings.COMMANDS)
    }
    if line[0] not in handlers:
        raise CannotCarryOut(f"Line {number}: no {line[0]}. There are: {', '.join(handlers)}.")
    handler = handlers[line[0]]
    command = _command(command_of(handler), line[1:], number)
    command_id = uuid4()
    unit = UnitOfWork(command_id, {"actor": "example", "request": {}})
    refused = ""
    try:
        with transaction.atomic():
            handler(begin(unit, handler, command, command_id, command_id), command)
            deliver(unit)
    except DomainError as error:
        refused, unit.recorded = f"; refused: {error}", []
    yield "command", words(line[0]), _text(command) + refused
    for event in unit.recorded:
        yield "event", words(type(event.data).__name__), _text(event.data)
        if event.causation_id != command_id:
            yield "command", words(event.metadata["command"]["name"]), _issued(event)


def _command(kind: type[Any], assignments: Sequence[str], number: int) -> Any:
    hints = get_type_hints(kind)
    try:
        texts = dict(assignment.split("=", 1) for assignment in assignments)
        return kind(**{name: hints[name](text) for name, text in texts.items()})
    except (KeyError, TypeError, ValueError) as error:
        needed = ", ".join(field.name for field in fields(kind))
        sentence = f"Line {number}: {kind.__name__} takes {needed}, each as NAME=VALUE: {error!r}."
        raise CannotCarryOut(sentence) from error


def _text(thing: Any) -> str:
    return ", ".join(str(getattr(thing, field.name)) for field in fields(thing))


def _issued(event: RecordedEvent[Any]) -> str:
    return ", ".join(map(str, event.metadata["command"].get("fields", {}).values()))


def _rows() -> Iterator[tuple[str, str]]:
    """The name and the text of the first rows of each read model, without columns that differ in
    each run: generated keys and times."""
    from importlib import import_module

    for name, path in settings.PROJECTIONS.items():
        for model in import_module(path).MODELS:
            columns = [field for field in model._meta.concrete_fields if _is_shown(field)]
            # Sorted by what is shown: a random key would put the rows in another order in each run.
            for row in model._default_manager.order_by(*(field.attname for field in columns))[:2]:
                texts = [f"{field.name} {getattr(row, field.attname)}" for field in columns]
                yield words(name), ", ".join(texts)


def _is_shown(field: Any) -> bool:
    internal = field.get_internal_type()
    changing = ("UUIDField", "DateTimeField", "DateField", "BigAutoField", "AutoField")
    return internal not in changing
