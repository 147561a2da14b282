"""Events of the log as the code of a test: of a stream, or of one request as a whole scenario."""

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
    """The code of a module with the list `given`, and with a test that begins with these events."""
    return f"{as_python(events)}{TEST}    scenario.given({literal(name)}, given)\n"


def as_scenario(events: Events, before: Mapping[str, Events]) -> str:
    """The code of a test that repeats one request, whose events these are.

    The test is given the events that the streams had `before`. Then it carries out the commands of
    the request. Last it compares what the log has then.

    A command needs a handler in `settings.COMMANDS`, and all its fields in the log. Otherwise the
    test records the events of the command instead.
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
    """Whether a command that somebody sent caused this event, and not a policy."""
    return _origin(event).get("id") == str(event.causation_id)


def _origin(event: RecordedEvent[Any]) -> Mapping[str, Any]:
    command = event.metadata.get("command")
    return cast(dict[str, Any], command) if isinstance(command, dict) else {}


def _handler(event: RecordedEvent[Any]) -> Any:
    """The handler of the command that caused an event; None if there is none, or if it takes more
    than the command: an import, for example, takes the lines of a file."""
    for handler in map(import_string, getattr(settings, "COMMANDS", [])):
        if command_of(handler).__name__ == _origin(event).get("name"):
            return handler if len(signature(handler).parameters) == 2 else None
    return None


def _command(handler: Any, event: RecordedEvent[Any]) -> Any:
    """The command that caused an event; None if the fields in the log do not make one, for example
    because a secret is left out."""
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
