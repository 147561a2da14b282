"""What happened, as a test: a stream as what is given, or one request as a whole scenario."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from inspect import signature
from itertools import groupby
from typing import Any, cast

from django.conf import settings
from django.utils.module_loading import import_string

from ..eventstore import RecordedEvent
from ..eventstore.codecs import built
from ..messaging.hearing import command_of
from .as_python import as_python, call, import_line, imports, literal

Events = Sequence[RecordedEvent[Any]]
TEST = "\n\ndef test_from_the_log(scenario):\n"


def stream_as_scenario(name: str, events: Iterable[RecordedEvent[Any]]) -> str:
    """A module with the list `given`, and a test that begins with it."""
    return f"{as_python(events)}{TEST}    scenario.given({literal(name)}, given)\n"


def as_scenario(events: Events, before: Mapping[str, Events]) -> str:
    """A module with a test of one correlation, whose events these are: the streams as they were
    `before` are given; then come its commands, and last what the log then has.

    A command's handler is that in `settings.COMMANDS`. What none of these has caused, or one whose
    recorded fields do not make it, comes as events that happen.
    """
    steps, commands, handlers = list[str](), list[Any](), set[str]()
    for name, given in before.items():
        steps += _step("given", name, given) if given else []
    for _, group in groupby(filter(_is_direct, events), key=lambda event: event.causation_id):
        caused = list(group)
        handler = _handler(caused[0])
        if handler and (command := _command(handler, caused[0])):
            commands.append(command)
            name = f"{handler.__name__} as {_alias(handler)}"
            handlers.add(import_line(handler.__module__, [name]))
            steps += _called("when", [f"{_alias(handler)},", *call(command, 8)])
            steps += _called("then", ["[", *_calls(caused, 12), "],"])
        else:
            steps += _happened(caused)
    after = {name: [*given, *_of(name, events)] for name, given in before.items()}
    steps += _called("then_log", ["{", *_indented(_streams(after)), "},"])
    made = [event.data for name in after for event in after[name]] + commands
    header = "\n".join([*imports(made), *sorted(handlers)])
    return f"{header}\n{TEST}" + "".join(f"{line}\n" for line in _indented(steps))


def _is_direct(event: RecordedEvent[Any]) -> bool:
    """Whether a command that was sent has caused it, and not a policy."""
    return _origin(event).get("id") == str(event.causation_id)


def _origin(event: RecordedEvent[Any]) -> Mapping[str, Any]:
    command = event.metadata.get("command")
    return cast(dict[str, Any], command) if isinstance(command, dict) else {}


def _handler(event: RecordedEvent[Any]) -> Any:
    """What carries out the command that has caused an event, if nothing but that is needed for it;
    an import, for example, needs the lines of its file."""
    for handler in map(import_string, getattr(settings, "COMMANDS", [])):
        if command_of(handler).__name__ == _origin(event).get("name"):
            return handler if len(signature(handler).parameters) == 2 else None
    return None


def _command(handler: Any, event: RecordedEvent[Any]) -> Any:
    """The command itself; None where its recorded fields do not make one: some may be left out."""
    try:
        return built(command_of(handler), dict(_origin(event)["fields"]))
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None


def _alias(handler: Any) -> str:
    return f"{handler.__name__}_{command_of(handler).__name__}".lower()


def _of(name: str, events: Events) -> list[RecordedEvent[Any]]:
    return [event for event in events if event.stream == name]


def _happened(events: Events) -> Iterator[str]:
    for name in dict.fromkeys(event.stream for event in events):
        yield from _step("when_recorded", name, _of(name, events))


def _step(step: str, name: str, events: Events) -> list[str]:
    return _called(step, [f"{literal(name)},", "[", *_calls(events, 12), "],"])


def _streams(streams: Mapping[str, Events]) -> Iterator[str]:
    for name, events in streams.items():
        yield from (f"{literal(name)}: [", *_calls(events, 16), "],")


def _called(step: str, arguments: Iterable[str]) -> list[str]:
    return [f"scenario.{step}(", *_indented(arguments), ")"]


def _calls(events: Events, indent: int) -> list[str]:
    return _indented(line for event in events for line in call(event.data, indent))


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]
