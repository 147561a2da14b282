"""The pages to look things up in are complete: settings, management commands, addresses."""

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import load_command_class

from cqrs_example.access.configuration import DEFAULTS
from cqrs_example.openapi import description

from .slices import SLICES

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
CODE = [
    path
    for folder in ("cqrs_example", "warehouse")
    for path in (ROOT / folder).rglob("*.py")
    if not {"settings", "tests", "migrations"} & set(path.parts) and path.name != "tests.py"
]
NO_DEFAULT = object()


def reads(path: Path) -> Iterator[tuple[str, Any]]:
    """The settings that a file reads, each with the default that it gives, if that is a literal."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Attribute(ast.Name("settings"), name) if name.isupper():
                yield name, NO_DEFAULT
            case ast.Call(
                ast.Name("getattr"), [ast.Name("settings"), ast.Constant(str(name)), default]
            ):
                try:
                    yield name, ast.literal_eval(default)
                except ValueError:
                    yield name, NO_DEFAULT
            case ast.Call(ast.Name("setting"), [ast.Constant(str(name))]):
                yield name, DEFAULTS[name]


def reader(path: Path) -> str:
    """The block, the file beside the blocks, or "slices"."""
    folder, *rest = path.relative_to(ROOT).parts
    return "slices" if folder == "warehouse" else rest[0]


def rows(page: str) -> list[list[str]]:
    """The rows of a page's tables whose first cell is code, as cells."""
    lines = re.findall(r"^\| (`.*) \|$", (DOCS / page).read_text(), re.MULTILINE)
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)] for line in lines]


@pytest.mark.slices(*SLICES)
def test_each_setting_that_is_read_is_in_the_table_with_who_reads_it() -> None:
    found: dict[str, set[str]] = {}
    for path in CODE:
        for name, _ in reads(path):
            found.setdefault(name, set()).add(reader(path))
    told = {
        row[0].strip("`"): set(re.findall(r"`(\w+(?:\.py)?)`|(slices)", row[3]))
        for row in rows("settings.md")
        if len(row) == 5
    }
    assert {name: {one or other for one, other in who} for name, who in told.items()} == found


def test_defaults_are_those_of_the_code() -> None:
    told = {row[0].strip("`"): row[2].strip("`") for row in rows("settings.md") if len(row) == 5}
    wrong = [
        (name, default)
        for path in CODE
        for name, default in reads(path)
        if default not in (NO_DEFAULT, None) and told[name] != "required"
        if ast.literal_eval(told[name]) != (list(default) if default == () else default)
    ]
    assert wrong == []


# Set by dev/run.py, gunicorn.conf.py and wsgi.py for one another, or not ours to explain.
ELSEWHERE = {"CHECKED_BY", "WEB_PROCESS", "WEB_CONNECTIONS", "LISTEN_FDS", "NO_COLOR"}
VARIABLE = r"(?:environ(?:\.get\(|\.setdefault\(|\[)|\b(?:flag|names|seconds)\()\"([A-Z_]+)\""


def test_each_environment_variable_is_in_the_table() -> None:
    code = [*CODE, *(ROOT / "cqrs_example" / "settings").glob("*.py"), ROOT / "gunicorn.conf.py"]
    read = {name for path in code for name in re.findall(VARIABLE, path.read_text())}
    told = {row[0].strip("`") for row in rows("settings.md") if len(row) == 3}
    assert read - told - ELSEWHERE == set()


def commands() -> dict[str, str]:
    """The management commands that there are, each with the application that has it."""
    files = [
        path
        for folder in ("cqrs_example", "warehouse")
        for path in (ROOT / folder).glob("*/management/commands/[a-z]*.py")
    ]
    return {path.stem: ".".join(path.relative_to(ROOT).parts[:2]) for path in files}


@pytest.mark.slices(*SLICES)
def test_each_management_command_is_described_with_its_options() -> None:
    text = (DOCS / "commands.md").read_text()
    parts = dict(re.findall(r"^### ([a-z_]+)\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL))
    assert set(parts) == set(commands())
    missing = {
        name: [one for one in options(name, app) if not re.search(rf"[` ]{one}\b", parts[name])]
        for name, app in commands().items()
        if name != "runserver"  # Django's, with Django's options
    }
    assert {name: some for name, some in missing.items() if some} == {}
    assert [name for name in parts if "xit status" not in parts[name]] == []


def options(name: str, app: str) -> list[str]:
    """What a command takes beside what all take: options and, of the commands in it, the names."""
    parser = load_command_class(app, name).create_parser("manage.py", name)
    return list(_own(parser))


def _own(parser: argparse.ArgumentParser) -> Iterator[str]:
    everywhere = {"--help", "--version", "--verbosity", "--settings", "--pythonpath", "--traceback"}
    everywhere |= {"--no-color", "--force-color", "--skip-checks"}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for sub, one in action.choices.items():
                yield sub
                yield from _own(one)
        yield from (
            one for one in action.option_strings if one[:2] == "--" and one not in everywhere
        )


@pytest.mark.slices(*SLICES)
def test_each_address_for_programs_is_in_the_table() -> None:
    told = {
        (method, path)
        for row in rows("http.md")
        for method in re.findall(r"`(GET|POST)`", row[0])
        for path in re.findall(r"`([^`]+)`", row[1])
    }
    operations = {
        (method.upper(), path)
        for path, item in description()["paths"].items()
        for method in item
        if method != "parameters"
    }
    assert told == operations


@pytest.mark.slices(*SLICES)
def test_each_status_of_openapi_is_explained() -> None:
    told = {row[0].strip("`") for row in rows("http.md") if row[0].strip("`").isdigit()}
    operations = [one for item in description()["paths"].values() for one in item.values()]
    answered = {
        status for one in operations if isinstance(one, dict) for status in one["responses"]
    }
    assert answered - told == set()
