"""Every handler of a slice is in `settings.COMMANDS`; also one that only `manage.py` carries out,
and that `manage.py check` does not see."""

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

from django.conf import settings

import warehouse
from cqrs_example.event_model.unlisted import is_handler


def handlers() -> list[str]:
    slices = [
        f"warehouse.{found.name}" for found in iter_modules(warehouse.__path__) if found.ispkg
    ]
    names = [f"{name}.command" for name in slices if find_spec(f"{name}.command")]
    return [
        f"{name}.{handler}"
        for name in names
        for handler, value in vars(import_module(name)).items()
        if is_handler(value) and value.__module__ == name and not handler.startswith("_")
    ]


def test_every_handler_is_listed() -> None:
    found = handlers()
    assert found
    forgotten = [path for path in found if path not in settings.COMMANDS]
    assert not forgotten, f"Add to COMMANDS in settings/wiring.py: {', '.join(forgotten)}."
