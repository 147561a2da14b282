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
from django.urls import resolve
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from cqrs_example.openapi import FILE, description

from . import trees
from .addresses import addresses

# Addresses that show people something or lead them somewhere, and tell a program nothing.
FOR_PEOPLE = ["/", "/event-model", "/time_zone", "/warehouse/product"]
OTHERS = {"parameters"}  # what a path has besides operations
LOGIN = ["/login", "/logout"]
DESCRIBED = [name for name in trees.SLICES if (trees.ROOT / "warehouse" / name / FILE).exists()]


def test_every_address_for_programs_is_described_and_nothing_else(server):
    found = [path for path in addresses() if path not in [*FOR_PEOPLE, *LOGIN]]
    allowed = {path: server("BREW", path.format(sku="abc123")).headers["Allow"] for path in found}
    document = json.loads(server("GET", "/openapi.json").body)
    described = {path: methods(item) for path, item in document["paths"].items()}
    say(differences(allowed, described))


def differences(allowed: dict[str, str], described: dict[str, str]) -> list[str]:
    """A sentence for each address that is not as its slice describes it."""
    sentences = []
    for path in sorted(allowed.keys() | described.keys()):
        answers, says = allowed.get(path), described.get(path)
        if says is None:
            sentences.append(
                f"{path} answers {answers}, and no {FILE} describes it: describe it in"
                f" {file_beside(path)}, or, if it is for people alone, name it in FOR_PEOPLE here."
            )
        elif answers is None:
            sentences.append(f"{file_of(path)} describes {path}, which the URLconf does not have.")
        elif answers != says:
            sentences.append(f"{path} answers {answers}, but {file_of(path)} describes {says}.")
    return sentences


def say(sentences: list[str]) -> None:
    """Fail with these sentences, if there are any: what is wrong in which file."""
    if sentences:
        pytest.fail("\n".join(sentences), pytrace=False)


def file_beside(path: str) -> str:
    """The file in which an address belongs: beside the view that answers there."""
    view = resolve(path.format(sku="abc123")).func
    return f"{view.__module__.rpartition('.')[0].replace('.', '/')}/{FILE}"


def file_of(path: str) -> str:
    """The file that describes an address."""
    files = [*trees.ROOT.glob(f"cqrs_example/{FILE}"), *trees.ROOT.glob(f"warehouse/*/{FILE}")]
    [found] = [file for file in files if f'"{path}"' in file.read_text()]
    return str(found.relative_to(trees.ROOT))


def test_sentences_say_the_file_and_what_to_do():
    [health], [gone] = (
        differences({"/healthz": "GET"}, {}),
        differences({}, {"/healthz": "GET"}),
    )
    assert health == (
        "/healthz answers GET, and no openapi.json describes it: describe it in"
        " cqrs_example/openapi.json, or, if it is for people alone, name it in FOR_PEOPLE here."
    )
    described = "cqrs_example/openapi.json describes"
    assert gone == f"{described} /healthz, which the URLconf does not have."
    assert differences({"/healthz": "GET"}, {"/healthz": "GET, HEAD"}) == [
        f"/healthz answers GET, but {described} GET, HEAD."
    ]
    assert differences({"/healthz": "GET"}, {"/healthz": "GET"}) == []


def methods(item: dict[str, Any]) -> str:
    """What the header Allow has to say, as the document says that HEAD comes with GET."""
    names = [key.upper() for key in item if key not in OTHERS]
    return ", ".join(names + ["HEAD"] * ("GET" in names))


def test_first_address_leads_elsewhere(server):
    assert server("GET", "/", Accept="application/json").status == 302


def test_document_is_openapi():
    found = [
        (list(error.path), error.message)
        for error in OPENAPI_31_VALIDATOR.iter_errors(description())
    ]
    say([f"{where(place)}: {message}" for place, message in found])


def where(place: list[Any]) -> str:
    """The file and the field in it."""
    of_a_path = place[:1] == ["paths"] and len(place) > 1
    file = file_of(place[1]) if of_a_path else f"cqrs_example/{FILE}"
    return f"{file}, {' → '.join(map(str, place))}"


@pytest.mark.slices(*DESCRIBED, "product_history")
def test_every_part_that_is_shared_is_used():
    document = description()
    text = json.dumps(document)
    parts = [(kind, name) for kind, all in document["components"].items() for name in all]
    unused = [part for part in parts if '"#/components/{}/{}"'.format(*part) not in text]
    of_the_frame = f"cqrs_example/{FILE} has components"
    say([f"{of_the_frame} → {kind} → {name}, which nothing refers to." for kind, name in unused])


@pytest.mark.parametrize("name", DESCRIBED)
def test_description_leaves_with_its_slice(name):
    paths = json.loads((trees.ROOT / "warehouse" / name / FILE).read_text())
    everything = description()["paths"]
    with modify_settings(INSTALLED_APPS={"remove": f"warehouse.{name}"}):
        left = description()["paths"]
    stays, file = everything.keys() - paths.keys(), f"warehouse/{name}/{FILE}"
    say([f"{path} is gone without {name}, but {file} lacks it." for path in stays - left.keys()])
    say([f"{path} stays without {name}, but {file} describes it." for path in left.keys() - stays])
    say([f"{path} differs without {name}." for path in left if left[path] != everything[path]])


def test_sku_is_described_the_same_everywhere():
    paths = description()["paths"]
    of_a_sku = {path: paths[path]["parameters"] for path in paths if "parameters" in paths[path]}
    assert of_a_sku
    first, parameters = next(iter(of_a_sku.items()))
    differ = [path for path in of_a_sku if of_a_sku[path] != parameters]
    say([f'{file_of(path)}, {path}: "parameters" are not those of {first}.' for path in differ])


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
    items = description()["paths"].values()
    operations = [method for item in items for method in item.keys() - OTHERS]
    assert f"Tested: {len(operations)}" in run.stdout, run.stdout
