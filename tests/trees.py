"""Copies of the source tree, for tests that change it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCE = ("cqrs_example", "dev", "docs", "tests", "warehouse")
FILES = (
    "manage.py",
    "pyproject.toml",
    "conftest.py",
    "gunicorn.conf.py",
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-embedded.txt",
    "docker-compose.yml",
    "README.md",
    ".env.dev",
)
# The document quotes the first of them.
WIRING = ("cqrs_example/settings/wiring.py", "cqrs_example/urls.py", "README.md")
SLICES = sorted(path.parent.name for path in (ROOT / "warehouse").glob("*/apps.py"))


def copy(target: Path) -> Path:
    """The tree: what is run, checked and tested."""
    for name in SOURCE:
        # With what is compiled: it is valid as long as the times are the same, and saves a second.
        shutil.copytree(ROOT / name, target / name)
    for name in filter(lambda name: (ROOT / name).exists(), FILES):
        shutil.copy(ROOT / name, target / name)
    return target


def remove_slice(tree: Path, name: str) -> list[str]:
    """Delete a slice's folder and the lines that name it; returns those lines."""
    shutil.rmtree(tree / "warehouse" / name)
    named = re.compile(rf"\bwarehouse\.{name}\b")
    removed = []
    for path in (tree / file for file in WIRING):
        lines = path.read_text().splitlines(keepends=True)
        removed += [line.strip() for line in lines if named.search(line)]
        path.write_text("".join(line for line in lines if not named.search(line)))
    return removed


def sources(tree: Path, suffixes: Iterable[str] = (".py", ".html", ".toml")) -> list[Path]:
    folders = [tree / name for name in SOURCE]
    return [path for one in folders for path in one.rglob("*") if path.suffix in suffixes]


def environment(tree: Path, database_url: str) -> dict[str, str]:
    """This tree, on this database, and nothing of this test run."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "DJANGO"))}
    ours = {
        "ALLOWED_HOSTS": "127.0.0.1,testserver",
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "cqrs_example.settings.persisted_sync",
        "PYTHONPATH": str(tree),
    }
    return {**inherited, "DEBUG": "1", **ours}


def start(tree: Path, *arguments: str, database_url: str) -> subprocess.Popen[str]:
    """Python in this tree, on this database."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=tree,
        env=environment(tree, database_url),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    output, _ = process.communicate(timeout=300)
    return process.returncode, output


def run(tree: Path, *arguments: str, database_url: str = "dbname=none") -> tuple[int, str]:
    return finish(start(tree, *arguments, database_url=database_url))
