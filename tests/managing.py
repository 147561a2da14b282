"""`manage.py` in a process of its own, on the test database."""

import subprocess
import sys
from typing import Any

from django.db import connection

from .databases import libpq_environment, url
from .serving import ROOT

BANK = "tests.bank.settings"


def environment(settings: str = BANK) -> dict[str, Any]:
    database = url(connection.settings_dict["NAME"])
    given = {"DATABASE_URL": database, "DEBUG": "1", "DJANGO_SETTINGS_MODULE": settings}
    return {**libpq_environment(), **given}


def manage(*arguments: str, settings: str = BANK) -> tuple[int, str, str]:
    """What it ends with, says, and complains of."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(settings), capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout, done.stderr
