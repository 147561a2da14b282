"""`manage.py check` says what this block lacks: the libraries of what the settings name."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from ..eventstore.checks import missing_apps

BLOCK = __name__.rpartition(".")[0]


@register
def check_telemetry(**kwargs: Any) -> list[CheckMessage]:
    found = list(missing_apps("telemetry", "eventstore", "messaging"))
    if _is_named("spans") and not is_installed("opentelemetry"):
        sentence = "opentelemetry-api is not installed: spans are made with it (pip install …)."
        found.append(Error(sentence, id="telemetry.E001"))
    if _is_named("metrics") and not is_installed("prometheus_client"):
        sentence = "prometheus-client is not installed: it counts and measures (pip install …)."
        found.append(Error(sentence, id="telemetry.E002"))
    return found


def is_installed(library: str) -> bool:
    try:
        return find_spec(library) is not None
    except ValueError:  # imported before, by something that only looks like it
        return False


def _is_named(module: str) -> bool:
    return any(path.startswith(f"{BLOCK}.{module}.") for path in _named())


def _named() -> Iterator[str]:
    yield from getattr(settings, "AROUND_COMMANDS", ())
    yield from getattr(settings, "AROUND_HANDLERS", ())
    yield from getattr(settings, "AROUND_DELIVERIES", ())
