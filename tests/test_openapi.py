"""`/openapi.json` says what is so: compared with the addresses, with OpenAPI, with the answers."""

import json
import os
import subprocess
from pathlib import Path
from sys import executable
from typing import Any

import pytest
from django.apps import apps
from django.test import modify_settings
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from cqrs_example.openapi import FILE, description

from . import trees
from .addresses import addresses

# Addresses that show people something or lead them somewhere, and tell a program nothing.
FOR_PEOPLE = ["/", "/event-model", "/warehouse/product"]
OTHERS = {"parameters"}  # what a path has besides operations
LOGIN = ["/login", "/logout"]
DESCRIBED = [name for name in trees.SLICES if (trees.ROOT / "warehouse" / name / FILE).exists()]


def test_every_address_for_programs_is_described_and_nothing_else(server):
    found = [path for path in addresses() if path not in [*FOR_PEOPLE, *LOGIN]]
    allowed = {path: server("BREW", path.format(sku="abc123")).headers["Allow"] for path in found}
    document = json.loads(server("GET", "/openapi.json").body)
    assert allowed == {path: methods(item) for path, item in document["paths"].items()}


def methods(item: dict[str, Any]) -> str:
    """What the header Allow has to say, as the document says that HEAD comes with GET."""
    names = [key.upper() for key in item if key not in OTHERS]
    return ", ".join(names + ["HEAD"] * ("GET" in names))


def test_first_address_leads_elsewhere(server):
    assert server("GET", "/", Accept="application/json").status == 302


def test_document_is_openapi():
    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(description())] == []


@pytest.mark.slices(*DESCRIBED, "product_history")
def test_every_part_that_is_shared_is_used():
    document = description()
    text = json.dumps(document)
    parts = [(kind, name) for kind, all in document["components"].items() for name in all]
    assert [part for part in parts if '"#/components/{}/{}"'.format(*part) not in text] == []


@pytest.mark.parametrize("name", DESCRIBED)
def test_description_leaves_with_its_slice(name):
    paths = json.loads((trees.ROOT / "warehouse" / name / FILE).read_text())
    everything = description()["paths"]
    with modify_settings(INSTALLED_APPS={"remove": f"warehouse.{name}"}):
        left = description()["paths"]
    assert left == {path: item for path, item in everything.items() if path not in paths}
    assert left.keys() | paths.keys() == everything.keys()


def test_sku_is_described_the_same_everywhere():
    items = [item for item in description()["paths"].values() if "parameters" in item]
    assert items
    assert all(item["parameters"] == items[0]["parameters"] for item in items)


def test_path_described_twice(tmp_path, monkeypatch):
    monkeypatch.setattr(apps.get_app_config(f"warehouse_{DESCRIBED[0]}"), "path", str(tmp_path))
    (tmp_path / FILE).write_text('{"/healthz": {}}')
    with pytest.raises(ValueError, match="/healthz, which is described already"):
        description()


@pytest.mark.slow
def test_schemathesis_finds_nothing(server):
    """Thousands of requests made from the document, good and bad, with every check there is.
    EXAMPLES=500 looks longer: 1 minute."""
    fuzz(server.port)


def fuzz(port: int, *options: str) -> None:
    command = [
        *[str(Path(executable).with_name("schemathesis")), "--config-file"],
        *["tests/fuzzing/schemathesis.toml", "run", f"http://127.0.0.1:{port}/openapi.json"],
        # Else it leaves out the address of the document itself.
        *["--include-path-regex", "/"],
        *["--checks", "all", "--no-color", "--continue-on-failure"],
        *["--max-examples", os.environ.get("EXAMPLES") or "6", *options],
    ]
    python_path = {"PYTHONPATH": str(trees.ROOT)}
    run = subprocess.run(
        command, cwd=trees.ROOT, env=os.environ | python_path, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "WARNINGS" not in run.stdout, run.stdout
    operations = [one for item in description()["paths"].values() for one in item.keys() - OTHERS]
    assert f"Tested: {len(operations)}" in run.stdout, run.stdout
