"""A test that needs slices names them, and none of these names can be wrong without a word."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cqrs_example.settings.wiring import INSTALLED_APPS

from . import trees
from .slices import ROOT, SLICES, lacking, misspelt, unlisted

MARKED = """
import pytest

@pytest.mark.slices("products", "product")
def test_of_a_slice() -> None: ...
"""


def test_every_slice_that_is_there_is_installed() -> None:
    """Else the tests that need it would not be collected, as if its folder had been removed."""
    folders = {f"warehouse.{path.parent.name}" for path in ROOT.glob("warehouse/*/apps.py")}
    assert folders == {app for app in INSTALLED_APPS if app.startswith("warehouse.")}


def test_every_slice_that_is_there_is_listed() -> None:
    if sentences := [lacking(name) for name in unlisted()]:
        pytest.fail("\n".join(sentences), pytrace=False)


def test_nothing_but_the_wiring_names_a_slice() -> None:
    """A test may have a slice's name in a text, and is marked with it; it may not import it."""
    naming = []
    for path in trees.sources(ROOT):
        if path not in [ROOT / wiring for wiring in trees.WIRING]:
            for name in set(re.findall(r"\bwarehouse\.(\w+)", text_of(path))):
                if name in trees.SLICES and ROOT / "warehouse" / name not in path.parents:
                    naming.append(f"{path.relative_to(ROOT)} names warehouse.{name}")
    assert naming == []


def text_of(path: Path) -> str:
    """All of a file; of a test, what it imports."""
    text = path.read_text()
    if path.suffix != ".py" or ROOT / "tests" not in path.parents:
        return text
    nodes = list(ast.walk(ast.parse(text)))
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    return "\n".join(map(ast.unparse, imports))


def test_slice_that_is_not_listed_is_found(tmp_path: Path) -> None:
    for name in (*SLICES, "return_product_quantity"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "apps.py").touch()
    assert unlisted(tmp_path) == ["return_product_quantity"]
    tests = [("tests/test_a.py::test_a", "return_product_quantity"), ("b", "returning")] * 2
    assert misspelt(tests, tmp_path) == [
        "warehouse/return_product_quantity has no line in tests/slices.py:"
        ' add "return_product_quantity" to SLICES there.',
        'b needs slices("returning"), but tests/slices.py lists no returning:'
        f" {', '.join(SLICES)}.",
    ]


@pytest.mark.slow
def test_name_that_is_no_slice_ends_the_collection_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "test_marked.py").write_text(MARKED)
    options = ("-c", "pyproject.toml", "-p", "tests.fixtures", "--collect-only")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 4, run.stdout
    assert 'test_of_a_slice needs slices("product"), but tests/slices.py lists no' in run.stderr
    assert "Traceback" not in run.stderr
