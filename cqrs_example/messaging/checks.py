"""`manage.py check` fails with a sentence when what wires commands and handlers is wrong: COMMANDS,
PROJECTIONS, POLICIES, SUBSCRIPTIONS."""

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

# What is wrong in the modules and signatures that the settings name.
WRONG = (ImportError, TypeError, ValueError, AttributeError)


@register
def check_wiring(**kwargs: Any) -> list[CheckMessage]:
    """Projections, policies and commands exist, and say which events of EVENTS they are about."""
    errors = list(missing_apps("messaging", "eventstore"))
    for setting, check_entry in (("PROJECTIONS", _projection), ("POLICIES", _policy)):
        entries = getattr(settings, setting, None)
        if not isinstance(entries, dict):
            errors.append(Error(f"settings.{setting} must be a dict.", id="messaging.E002"))
            continue
        named = cast(dict[str, Any], entries)
        paths = {f"settings.{setting}[{name!r}] = {path!r}": path for name, path in named.items()}
        errors += _errors(paths, check_entry)
    commands = getattr(settings, "COMMANDS", [])  # a project may do without
    if not isinstance(commands, list):
        return [*errors, Error("settings.COMMANDS must be a list.", id="messaging.E002")]
    for setting in ("AROUND_COMMANDS", "AROUND_HANDLERS", "AROUND_DELIVERIES"):
        around: list[str] = getattr(settings, setting, [])
        errors += _errors({f"settings.{setting}: {path!r}": path for path in around}, import_string)
    handlers = cast(list[str], commands)
    errors += _errors({f"settings.COMMANDS: {path!r}": path for path in handlers}, _command)
    return errors or (list(_unheard()) if doubts_are_welcome() else [])


def doubts_are_welcome() -> bool:
    """Whether to say what may be meant so. Django checks before each command of `manage.py`: people
    would read past a sentence that comes with all of them. So `check` says it, which gunicorn's
    start runs too, and the development server."""
    program, *arguments = sys.argv
    is_another_command = Path(program).name in ("manage.py", "django-admin") and arguments
    return not is_another_command or arguments[0] in ("check", "runserver")


@register
def check_subscriptions(**kwargs: Any) -> list[CheckMessage]:
    """SUBSCRIPTIONS names projections and policies, which the transaction of a command leaves to
    workers: each is one of these, and there are workers."""
    names = getattr(settings, "SUBSCRIPTIONS", [])
    if not isinstance(names, (list, tuple)):
        return [Error("settings.SUBSCRIPTIONS must be a list.", id="messaging.E003")]
    asked = cast(Sequence[Any], names)
    entries = [getattr(settings, setting, None) for setting in ("PROJECTIONS", "POLICIES")]
    there = [name for each in entries if isinstance(each, dict) for name in cast(Any, each)]
    sentence = (
        "settings.SUBSCRIPTIONS: {!r} must be one projection or one policy, and be there once."
    )
    wrong = [name for name in asked if there.count(name) != 1 or asked.count(name) != 1]
    sentences = [sentence.format(name) for name in wrong]
    if asked and "subscriptions" not in apps.app_configs:
        sentences.append(
            f"settings.SUBSCRIPTIONS leaves {', '.join(map(str, asked))} to workers, but there are"
            " none: settings.INSTALLED_APPS lacks the app 'subscriptions'."
        )
    return [Error(sentence, id="messaging.E003") for sentence in sentences]


@register
def check_atomic_requests(**kwargs: Any) -> list[CheckMessage]:
    """No view that carries out commands runs in a transaction of the request: `execute` refuses."""
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
    """Of a view of Django's, or of Django REST framework's."""
    return getattr(view, "view_class", None) or getattr(view, "cls", None)


def _executes(view: Any) -> bool:
    """Whether the view's own code names `execute`, in a function or in a method of a class."""
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
    """It may be meant so. But it may be a new event that each handler was to hear of."""
    projections = [import_module(path).project for path in settings.PROJECTIONS.values()]
    handlers = [*projections, *map(import_string, settings.POLICIES.values())]
    heard = tuple(named for handler in handlers for named in heard_by(handler))
    for event in event_classes():
        if heard and not issubclass(event, heard):
            problem = f"Nobody hears of {event.__qualname__}: no projection and no policy."
            hint = "Name it where a handler says what it hears, or silence messaging.W001."
            yield Warning(problem, hint=hint, id="messaging.W001")
