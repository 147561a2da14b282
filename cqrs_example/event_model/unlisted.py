"""The handlers that views and policies use, but that `settings.COMMANDS` does not list."""

from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from inspect import isfunction, signature
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from ..messaging import Transaction
from ..messaging.hearing import command_of
from .addresses import addresses
from .reach import named_by, plain


def unlisted() -> Iterator[tuple[Callable[..., Any], Callable[..., Any]]]:
    """Pairs of a view or a policy and a handler that it uses, and that the settings do not list.

    Commands of `manage.py` may use handlers too, but to import all of them would take a second.
    """
    listed = {plain(import_string(path)) for path in settings.COMMANDS}
    policies = map(import_string, settings.POLICIES.values())
    for function in [*(address.view for address in addresses()), *policies]:
        for handler in _handlers(function):
            if handler not in listed:
                yield plain(function), handler


def _handlers(function: Callable[..., Any]) -> list[Any]:
    """The handlers that a function uses, sorted by name, without those that only they call."""
    handlers = [thing for thing in named_by(function) if is_handler(thing)]
    parts = {part for handler in handlers for part in named_by(handler) - {handler}}
    own = [handler for handler in handlers if handler not in parts]
    return sorted(own, key=lambda handler: handler.__qualname__)


def is_handler(thing: Any) -> bool:
    """Whether this is a function that carries out a command, by its signature:

    handler(tx: Transaction, command: Command)
    """
    if not isfunction(thing):
        return False
    annotations = [parameter.annotation for parameter in signature(thing).parameters.values()]
    if Transaction not in annotations and "Transaction" not in annotations:
        return False
    try:
        return is_dataclass(command_of(thing))
    except TypeError:  # a policy: it takes an event
        return False
