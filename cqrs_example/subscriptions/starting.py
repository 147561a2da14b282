"""What a worker asks before it begins."""

import logging
import time

from django.core.management.base import CommandError
from django.db import ProgrammingError, connection

from .delivering import PASSING
from .switching import differences

log = logging.getLogger(__name__)


def require_agreement() -> None:
    """Return when settings and database agree on who delivers; raise `CommandError` if they do not.

    A database that does not answer is waited for: a worker may be up before it.
    """
    while True:
        try:
            sentences = differences()
        except PASSING as error:
            log.warning("waiting for the database: %s", " ".join(str(error).split()))
            connection.close()
            time.sleep(1)
        except ProgrammingError as error:
            raise CommandError(f"Run `manage.py migrate` first: {error}") from error
        else:
            if sentences:
                raise CommandError("\n".join(sentences))
            return
