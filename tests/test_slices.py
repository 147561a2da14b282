"""A feature leaves with its folder: each slice in turn is taken out of a copy of the tree."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from . import trees
from .databases import own_database, url

# With the tests of the slices that are left, in one process: each start and each database that is
# migrated takes a second. Every page that is left is opened, and every command that is left is
# sent, with data that no slice is needed for.
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
    tx.append(product, [ProductQuantityIncreased("abc", 20, 20)])
    tx.append(product, [ProductQuantityShipped("abc", 17, 3, "A-1001")])

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
    for path in program.get("/openapi.json").json()["paths"]:
        assert path.replace("{sku}", "abc") in offered, f"{path} is described, but not there"
    for address in offered:
        assert "<" not in address, "an address takes more than a SKU"
        for client in (people, program):
            answer = client.get(address, {"sku": "abc"})
            if answer.status_code == 405:
                answer = client.post(address, {"quantity": 1}, content_type="application/json")
            if answer.status_code == 302:
                answer = client.get(answer["Location"])
            assert answer.status_code == 200, address
"""


@pytest.fixture
def database(django_db_setup: None) -> Iterator[str]:
    with own_database() as name:
        yield url(name)


@pytest.mark.parametrize("name", trees.SLICES)
def test_project_without_slice(name: str, tmp_path: Path, database: str) -> None:
    tree = trees.copy(tmp_path)
    removed = trees.remove_slice(tree, name)
    assert 1 <= len(removed) <= 4, removed
    still = [path for path in trees.sources(tree) if f"warehouse.{name}" in path.read_text()]
    assert still == []
    (tree / "test_visit.py").write_text(VISIT)
    tests = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "warehouse", "test_visit.py")
    code, output = trees.run(tree, *tests, database_url=database)
    assert code == 0, output
