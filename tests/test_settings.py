"""What the settings refuse to load with."""

import os
import subprocess
import sys

import pytest
from django.utils.crypto import get_random_string

from cqrs_example.settings.base import KNOWN_KEYS
from cqrs_example.settings.environment import names
from dev.environment import development_values

from .conftest import ROOT


def load(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """As the server and `manage.py` do."""
    return subprocess.run(
        [sys.executable, "manage.py", "check", *arguments],
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


@pytest.mark.parametrize(
    "url",
    [
        "postgres:/u:s3cret@h/db",
        "mysql://u:s3cret@h/db",
        "//u:s3cret@h/db",
        "postgresql://u:s3cret%zz@h/db",
        "postgresql://u:s3cret%ff@h/db",
        "postgresql://u:s3cret@h:po rt/db",
        "postgresql://u:x@s3cret@h/db",
        "postgresql://u:s3cret/x@h/db",
        "host=h password=x s3cret",
    ],
)
def test_url_that_cannot_be_read_is_not_shown(url: str) -> None:
    run = load("--database", "default", DATABASE_URL=url)
    assert run.returncode == 1
    assert "s3cret" not in run.stdout + run.stderr
    assert run.stderr.splitlines()[-1].endswith(
        "DATABASE_URL cannot be read (it is not shown, for its password): it must look like"
        " postgresql://user:password@host:5432/name, with %40 for an @ in the password, %2F for"
        " a /."
    )


def test_url_that_cannot_be_read_is_not_shown_by_make_run() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "dev.run"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": "mysql://u:s3cret@h/db", "PORT": "0"},
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == (
        "The database of DATABASE_URL cannot be reached: it must look like"
        " postgresql://user:password@host:5432/name.\n"
    )


def test_names_have_no_spaces_around_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", " a.example, b.example,,")
    assert names("ALLOWED_HOSTS") == ["a.example", "b.example"]
