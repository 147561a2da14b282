"""What surrounds each command, by a setting: messaging knows none of it."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


@contextmanager
def around(log: Any, command: object, context: object) -> Generator[None, None, None]:
    """Enter what `settings.AROUND_COMMANDS` names: context managers, `manager(command, context)`.

    They surround all attempts at a command, outside its transaction: what is raised in the end they
    see after the rollback. Commands over a log in memory have none.
    """
    watched = getattr(log, "is_watched", True)
    with ExitStack() as stack:
        for path in getattr(settings, "AROUND_COMMANDS", ()) if watched else ():
            stack.enter_context(import_string(path)(command, context))
        yield
