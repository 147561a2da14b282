"""Which handlers are carried out, but not listed: a forgotten line in `settings.COMMANDS`."""

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
    """Views of the URLconf and policies, each with a handler that it names and the settings do not.

    Commands of `manage.py` are not looked at: it would take a second to import them all.
    """
    listed = {plain(import_string(path)) for path in settings.COMMANDS}
    policies = map(import_string, settings.POLICIES.values())
    for function in [*(address.view for address in addresses()), *policies]:
        for handler in _handlers(function):
            if handler not in listed:
                yield plain(function), handler


def _handlers(function: Callable[..., Any]) -> list[Any]:
    """The handlers that a function names, in order; without what only these call themselves."""
    found = [thing for thing in named_by(function) if is_handler(thing)]
    parts = {part for handler in found for part in named_by(handler) - {handler}}
    own = [handler for handler in found if handler not in parts]
    return sorted(own, key=lambda handler: handler.__qualname__)


def is_handler(thing: Any) -> bool:
    """Whether it carries out a command: `handler(tx: Transaction, command: Command)`."""
    if not isfunction(thing):
        return False
    annotations = [parameter.annotation for parameter in signature(thing).parameters.values()]
    if Transaction not in annotations and "Transaction" not in annotations:
        return False
    try:
        return is_dataclass(command_of(thing))
    except TypeError:  # it takes an event, as policies do
        return False
