"""`manage.py check` says with a sentence what is wrong in the settings that wire commands and
handlers: COMMANDS, PROJECTIONS, POLICIES and SUBSCRIPTIONS."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from inspect import isfunction, unwrap
from pathlib import Path
from typing import Any, cast

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import connection
from django.urls import URLResolver, get_resolver
from django.utils.module_loading import import_string

from ..eventstore.checks import missing_apps
from ..eventstore.contracts import event_classes
from .commands import execute
from .hearing import command_of, heard_by, hears_many, recorded_by, require_recorded

# A path that leads nowhere raises one of these, and so does a signature that cannot be read.
WRONG = (ImportError, TypeError, ValueError, AttributeError)


@register
def check_wiring(**kwargs: Any) -> list[CheckMessage]:
    """Each projection, policy and command exists, and its signature names events of EVENTS."""
    errors = list(missing_apps("messaging", "eventstore"))
    for setting, check_entry in (("PROJECTIONS", _projection), ("POLICIES", _policy)):
        entries = getattr(settings, setting, None)
        if not isinstance(entries, dict):
            errors.append(Error(f"settings.{setting} must be a dict.", id="messaging.E002"))
            continue
        named = cast(dict[str, Any], entries)
        paths = {f"settings.{setting}[{name!r}] = {path!r}": path for name, path in named.items()}
        errors += _errors(paths, check_entry)
    commands = getattr(settings, "COMMANDS", [])  # optional: `execute` does not read it
    if not isinstance(commands, list):
        return [*errors, Error("settings.COMMANDS must be a list.", id="messaging.E002")]
    for setting in ("AROUND_COMMANDS", "AROUND_HANDLERS", "AROUND_DELIVERIES"):
        around: list[str] = getattr(settings, setting, [])
        errors += _errors({f"settings.{setting}: {path!r}": path for path in around}, import_string)
    handlers = cast(list[str], commands)
    errors += _errors({f"settings.COMMANDS: {path!r}": path for path in handlers}, _command)
    return errors or (list(_unheard()) if doubts_are_welcome() else [])


def doubts_are_welcome() -> bool:
    """Whether to print warnings about wiring that is unusual and may be intended.

    Django runs the checks before each command of `manage.py`, and people stop reading a warning
    that comes with each of them. So only `check` and the development server print them, and
    gunicorn, which runs the checks when it starts.
    """
    program, *arguments = sys.argv
    is_another_command = Path(program).name in ("manage.py", "django-admin") and arguments
    return not is_another_command or arguments[0] in ("check", "runserver")


@register
def check_subscriptions(**kwargs: Any) -> list[CheckMessage]:
    """Each name in SUBSCRIPTIONS is that of a projection or a policy, and an app runs workers.

    The transaction of a command does not call these handlers. Without workers nobody would.
    """
    names = getattr(settings, "SUBSCRIPTIONS", [])
    if not isinstance(names, (list, tuple)):
        return [Error("settings.SUBSCRIPTIONS must be a list.", id="messaging.E003")]
    subscribed = cast(Sequence[Any], names)
    entries = [getattr(settings, setting, None) for setting in ("PROJECTIONS", "POLICIES")]
    handlers = [name for each in entries if isinstance(each, dict) for name in cast(Any, each)]
    sentence = (
        "settings.SUBSCRIPTIONS: {!r} must name one projection or one policy, and stand there once."
    )
    wrong = [name for name in subscribed if handlers.count(name) != 1 or subscribed.count(name) > 1]
    sentences = [sentence.format(name) for name in wrong]
    if subscribed and "subscriptions" not in apps.app_configs:
        sentences.append(
            f"settings.SUBSCRIPTIONS leaves {', '.join(map(str, subscribed))} to workers, but there"
            " are none: settings.INSTALLED_APPS lacks the app 'subscriptions'."
        )
    return [Error(sentence, id="messaging.E003") for sentence in sentences]


@register
def check_atomic_requests(**kwargs: Any) -> list[CheckMessage]:
    """No view that carries out commands runs in a transaction of the request.

    `execute` would raise there, with each request.
    """
    if not connection.settings_dict["ATOMIC_REQUESTS"]:
        return []
    hint = "Mark it with @transaction.non_atomic_requests: commands have their own transaction."
    return [
        Warning(
            f"{view.__module__}.{(_class_of(view) or view).__name__} carries out commands, under"
            " ATOMIC_REQUESTS.",
            hint=hint,
            id="messaging.W002",
        )
        for view in _views(get_resolver().url_patterns)
        if "default" not in getattr(view, "_non_atomic_requests", ()) and _executes(view)
    ]


def _views(patterns: Iterable[Any]) -> Iterator[Any]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns)
        else:
            yield pattern.callback


def _class_of(view: Any) -> Any:
    """The class of a class-based view: Django names it `view_class`, REST framework `cls`."""
    return getattr(view, "view_class", None) or getattr(view, "cls", None)


def _executes(view: Any) -> bool:
    """Whether the view's own code calls `execute`, as a function or in a method of its class.

    A call in a function that the view calls is not seen.
    """
    cls: Any = _class_of(view)
    members: dict[str, Any] = cls.__dict__ if cls else {"": unwrap(view)}
    codes = [value for value in members.values() if isfunction(value)]
    return any(
        code.__globals__.get(name) is execute for code in codes for name in code.__code__.co_names
    )


def _errors(paths: dict[str, Any], check_entry: Callable[[str], None]) -> Iterator[CheckMessage]:
    for where, path in paths.items():
        try:
            check_entry(str(path))
        except WRONG as error:
            yield Error(f"{where}: {error}.", id="messaging.E001")


def _projection(path: str) -> None:
    module = import_module(path)
    if not (callable(getattr(module, "project", None)) and hasattr(module, "MODELS")):
        raise ImportError("the module needs a function project(events) and a list MODELS")
    _require_events(heard_by(module.project))
    if not hears_many(module.project):
        raise TypeError("project takes many events at once, Sequence[RecordedEvent[…]]")


def _policy(path: str) -> None:
    policy = import_string(path)
    if not callable(policy):
        raise ImportError("this is no function policy(tx, event)")
    _require_events(heard_by(policy))
    if hears_many(policy):
        raise TypeError("a policy takes one event at a time, RecordedEvent[…]")
    _require_events(recorded_by(policy))


def _command(path: str) -> None:
    handler = import_string(path)
    if not callable(handler):
        raise ImportError("this is no function handler(tx, command)")
    command_of(handler)
    _require_events(require_recorded(handler))


def _require_events(classes: Iterable[type[Any]]) -> None:
    known = event_classes()
    for named in classes:
        if not any(issubclass(event, named) for event in known):
            raise TypeError(f"no module of settings.EVENTS defines {named.__qualname__}")


def _unheard() -> Iterator[CheckMessage]:
    """Warnings about events that no handler hears.

    That may be intended. It may also be a new event that somebody forgot to add to a handler.
    """
    projections = [import_module(path).project for path in settings.PROJECTIONS.values()]
    handlers = [*projections, *map(import_string, settings.POLICIES.values())]
    heard = tuple(named for handler in handlers for named in heard_by(handler))
    for event in event_classes():
        if heard and not issubclass(event, heard):
            problem = f"Nobody hears of {event.__qualname__}: no projection and no policy."
            hint = "Name it where a handler says what it hears, or silence messaging.W001."
            yield Warning(problem, hint=hint, id="messaging.W001")
