"""A feature leaves with its folder: each slice in turn is taken out of a copy of the tree."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from . import trees
from .databases import own_database, url

# The project is checked and migrated; every page that is left is opened, and every command that
# is left is sent, with data that no slice is needed for. One process: each start takes a second.
VISIT = """
import re

import django; django.setup()
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver

from cqrs_example.messaging import execute
from warehouse.events import ProductQuantityIncreased, ProductQuantityShipped, product_stream

def handle(tx, sku):
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

call_command("check")
call_command("makemigrations", check_changes=True, dry_run=True)
call_command("migrate", verbosity=0)
from dataclasses import make_dataclass
execute(handle, make_dataclass("Prepare", [])())
visited = Client(headers={"accept": "text/html"}), Client(headers={"accept": "application/json"})
offered = list(addresses(get_resolver().url_patterns))
for path in visited[1].get("/openapi.json").json()["paths"]:
    assert path.replace("{sku}", "abc") in offered, f"{path} is described, but not there"
for address in offered:
    for client in visited:
        answer = client.get(address, {"sku": "abc"})
        if answer.status_code == 405:
            answer = client.post(address, {"quantity": 1}, content_type="application/json")
        if answer.status_code == 302:
            answer = client.get(answer["Location"])
        print("visited", answer.status_code, address)
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
    pages = visited(tree, database)
    tests = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "warehouse")
    code, output = trees.run(tree, *tests, database_url=database)
    allowed = {0} if list(tree.glob("warehouse/*/test*")) else {0, 5}  # 5: there are no tests
    assert code in allowed, output
    assert len(pages) >= 10
    assert not any("<" in page for page in pages), "an address takes more than a SKU"
    assert [page for page in pages if not page.startswith("visited 200 ")] == []


def visited(tree: Path, database: str) -> list[str]:
    """Status and address, for everything that the project without the slice offers."""
    (tree / "visit.py").write_text(VISIT)
    code, output = trees.run(tree, "visit.py", database_url=database)
    assert code == 0, output
    return [line for line in output.splitlines() if line.startswith("visited ")]
