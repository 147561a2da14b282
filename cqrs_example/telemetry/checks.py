"""`manage.py check` says what this block lacks, such as the libraries that the settings need."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from ..eventstore.checks import missing_apps

BLOCK = __name__.rpartition(".")[0]


@register
def check_telemetry(**kwargs: Any) -> list[CheckMessage]:
    """The apps are installed that this block needs, and the libraries of the functions that the
    settings name."""
    found = list(missing_apps("telemetry", "eventstore", "messaging"))
    if is_named("spans") and not is_installed("opentelemetry"):
        sentence = "The library opentelemetry-api, which spans need, is missing: pip install it."
        found.append(Error(sentence, id="telemetry.E001"))
    if is_named("metrics") and not is_installed("prometheus_client"):
        sentence = "The library prometheus-client, which metrics need, is missing: pip install it."
        found.append(Error(sentence, id="telemetry.E002"))
    return found


def is_installed(library: str) -> bool:
    """Whether a library with this module's name can be imported."""
    try:
        return find_spec(library) is not None
    except ValueError:  # another module took its name in `sys.modules`, and has no spec
        return False


def is_named(module: str) -> bool:
    return any(path.startswith(f"{BLOCK}.{module}.") for path in _named())


def _named() -> Iterator[str]:
    yield from getattr(settings, "AROUND_COMMANDS", ())
    yield from getattr(settings, "AROUND_HANDLERS", ())
    yield from getattr(settings, "AROUND_DELIVERIES", ())
