"""What the settings refuse to load with."""

import json
import os
import subprocess
import sys

import pytest
from django.utils.crypto import get_random_string

from cqrs_example.settings.base import KNOWN_KEYS
from cqrs_example.settings.environment import names
from dev.environment import development_values

from .conftest import ROOT

# The settings are read anew in each environment: a process for each would take a second.
READ = """
import json, os, sys
inherited = dict(os.environ)
said = []
for given in json.load(sys.stdin):
    os.environ.clear()
    os.environ.update(inherited | given)
    for name in [name for name in sys.modules if name.startswith("cqrs_example.settings")]:
        del sys.modules[name]
    try:
        import cqrs_example.settings.persisted_sync
        said.append("")
    except Exception as error:
        said.append(f"{type(error).__name__}: {error}")
print(json.dumps(said))
"""


def read(*environments: dict[str, str]) -> list[str]:
    """What the settings refuse each environment with; an empty text where they are read."""
    program = [sys.executable, "-c", READ]
    sent = json.dumps(environments)
    run = subprocess.run(program, cwd=ROOT, input=sent, capture_output=True, text=True, check=True)
    said: list[str] = json.loads(run.stdout)
    return said


def load(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """As the server and `manage.py` do."""
    return subprocess.run(
        [sys.executable, "manage.py", "check", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


UNKEYED = (
    "ImproperlyConfigured: SECRET_KEY is missing, too short, or known to everybody:"
    " set it to 50 or more random characters, or DEBUG=1 to develop."
)
UNREAD = (
    "ImproperlyConfigured: DATABASE_URL cannot be read (it is not shown, for its password): it must"
    " look like postgresql://user:password@host:5432/name, with %40 for an @ in the password,"
    " %2F for a /."
)


def test_secret_key_that_is_none() -> None:
    keys = ["", " ", "abc", "a" * 49 + " ", *KNOWN_KEYS, f" {KNOWN_KEYS[0]} "]
    assert read(*[{"DEBUG": "0", "SECRET_KEY": key} for key in keys]) == [UNKEYED] * len(keys)
    assert read(*[{"DEBUG": "1", "SECRET_KEY": key} for key in keys]) == [""] * len(keys)


def test_secret_key_that_is_one() -> None:
    assert read({"DEBUG": "0", "SECRET_KEY": get_random_string(50)}) == [""]
    assert development_values()["SECRET_KEY"] in KNOWN_KEYS


def test_url_that_cannot_be_read_is_not_shown() -> None:
    urls = [
        "postgres:/u:s3cret@h/db",
        "mysql://u:s3cret@h/db",
        "//u:s3cret@h/db",
        "postgresql://u:s3cret%zz@h/db",
        "postgresql://u:s3cret%ff@h/db",
        "postgresql://u:s3cret@h:po rt/db",
        "postgresql://u:x@s3cret@h/db",
        "postgresql://u:s3cret/x@h/db",
        "host=h password=x s3cret",
    ]
    assert read(*[{"DATABASE_URL": url} for url in urls]) == [UNREAD] * len(urls)


def test_what_manage_py_says() -> None:
    run = load("--database", "default", DATABASE_URL="postgresql://u:s3cret%zz@h/db")
    assert run.returncode == 1
    assert "s3cret" not in run.stdout + run.stderr
    assert run.stderr.splitlines()[-1].endswith(UNREAD)
    run = load(DEBUG="0", SECRET_KEY="abc")
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].endswith(UNKEYED)


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
