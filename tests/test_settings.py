"""What the settings refuse to load with."""

import os
import subprocess
import sys

import pytest
from django.utils.crypto import get_random_string

from cqrs_example.settings.base import KNOWN_KEYS
from dev.environment import development_values

from .conftest import ROOT


def load(**environment: str) -> subprocess.CompletedProcess[str]:
    """As the server and `manage.py` do."""
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def refusal(**environment: str) -> str:
    run = load(**environment)
    assert run.returncode == 1
    return run.stderr.splitlines()[-1].removeprefix("django.core.exceptions.ImproperlyConfigured: ")


@pytest.mark.parametrize("key", ["", " ", "abc", "a" * 49 + " ", *KNOWN_KEYS, f" {KNOWN_KEYS[0]} "])
def test_secret_key_that_is_none(key: str) -> None:
    assert refusal(DEBUG="0", SECRET_KEY=key) == (
        "SECRET_KEY is missing, too short, or known to everybody:"
        " set it to 50 or more random characters, or DEBUG=1 to develop."
    )
    assert load(DEBUG="1", SECRET_KEY=key).returncode == 0


def test_secret_key_that_is_one() -> None:
    assert load(DEBUG="0", SECRET_KEY=get_random_string(50)).returncode == 0
    assert development_values()["SECRET_KEY"] in KNOWN_KEYS
