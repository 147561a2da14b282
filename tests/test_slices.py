"""A feature leaves with its folder: each slice in turn is taken out of a copy of the tree."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import trees
from .databases import own_database, url

pytestmark = pytest.mark.slow

PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--ds", "tests.settings")
RUFF = (
    ("-m", "ruff", "check", "--no-cache"),
    ("-m", "ruff", "format", "--check", "--no-cache"),
)
LINT = ("-c", "from importlinter.cli import lint_imports_command as main; main()", "--no-cache")
# With the tests of the slices that are left, in one process: each start and each database that is
# migrated takes a second. Every page that is left is opened, and every command that is left is
# sent as its document says, with data that no slice is needed for.
VISIT = """
import re
from dataclasses import make_dataclass

from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver

from cqrs_example.messaging import execute
from warehouse.events import ProductQuantityIncreased, ProductQuantityShipped, product_stream

def handle(tx, command):
    [product] = tx.lock(product_stream("abc"))
    # The first is small: it can be undone, as the example of that command asks for.
    tx.append(product, [ProductQuantityIncreased("abc", 1, 1)])
    tx.append(product, [ProductQuantityIncreased("abc", 19, 20)])
    tx.append(product, [ProductQuantityShipped("abc", 14, 6, "A-1001")])

def addresses(patterns, before=""):
    for one in patterns:
        address = before + str(one.pattern)
        if address.startswith(("admin/", "logout")):
            continue
        if hasattr(one, "url_patterns"):
            yield from addresses(one.url_patterns, address)
        else:
            yield "/" + re.sub("<[^>]*sku>", "abc", address)

def test_checks(db):
    call_command("check")
    call_command("makemigrations", check_changes=True, dry_run=True)

def test_visit(db):
    execute(handle, make_dataclass("Prepare", [])())
    accepts = ("text/html", "application/json")
    people, program = (Client(headers={"accept": accept}) for accept in accepts)
    offered = list(addresses(get_resolver().url_patterns))
    assert len(offered) >= 5
    examples = {}
    for path, item in program.get("/openapi.json").json()["paths"].items():
        address = path.replace("{sku}", "abc")
        assert address in offered, f"{path} is described, but not there"
        if "post" in item:
            body = item["post"]["requestBody"]["content"]["application/json"]
            examples[address] = body["example"]
    # Twice: what was refused because there was nothing yet is done once another slice has begun it.
    done = set()
    for address in [*offered, *offered]:
        assert "<" not in address, "an address takes more than a SKU"
        for client in (people, program):
            answer = client.get(address, {"sku": "abc"})
            if answer.status_code == 405:
                answer = client.post(address, examples[address], content_type="application/json")
            if answer.status_code == 302:
                answer = client.get(answer["Location"])
            assert answer.status_code in (200, 400), address
            done |= {address} if answer.status_code == 200 else set()
    assert done == set(offered)
"""


@pytest.fixture
def database(django_db_setup: None) -> Iterator[str]:
    with own_database() as name:
        yield url(name)


@pytest.mark.parametrize("name", trees.SLICES)
def test_project_without_slice(name: str, tmp_path: Path, database: str) -> None:
    tree = trees.copy(tmp_path)
    assert trees.remove_slice(tree, name)
    for check in (*RUFF, LINT):
        code, output = trees.run(tree, *check)
        assert code == 0, output
    (tree / "test_visit.py").write_text(VISIT)
    # All that there is has to be collected; what is run is the rest of the slices.
    everything = (*PYTEST, "tests", "warehouse")
    code, output = trees.run(tree, *everything, "--collect-only", database_url=database)
    assert code == 0, output
    left = (*PYTEST, "-m", "not slices and not slow")
    code, output = trees.run(tree, *left, *paths(tree), "test_visit.py", database_url=database)
    assert code == 0, output


def paths(tree: Path) -> list[str]:
    """The slices of a tree: what is about the whole warehouse has a browser and takes its time."""
    return [str(path.parent) for path in (tree / "warehouse").glob("*/apps.py")]


def test_types_without_slices(tmp_path: Path) -> None:
    """All in one run, which takes 20 seconds: what one slice needs of another, import-linter finds,
    and what else needs any slice is missing it here."""
    tree = trees.copy(tmp_path / "tree")
    if (cache := trees.ROOT / ".mypy_cache").exists():
        shutil.copytree(cache, tree / cache.name)
    for name in trees.SLICES:
        trees.remove_slice(tree, name)
    code, output = trees.run(tree, "-m", "mypy", ".")
    assert code == 0, output
