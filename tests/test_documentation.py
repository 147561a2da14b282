"""The documents quote what is there, count what is there, and link to what is there."""

import ast
import re
from pathlib import Path

import pytest

from .slices import SLICES

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])
# <!-- file: PATH --> before a block: the whole file. <!-- from: PATH -->: consecutive lines of it.
QUOTATION = re.compile(r"<!-- (file|from): (\S+) -->\n+```\w*\n(.*?)```\n", re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)

named = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def of_a_slice_that_is_gone(path: str) -> bool:
    """What documents say of a slice stays true for those who have it."""
    name = re.search(r"\bwarehouse/(\w+)(?:/|$)", path)
    return name is not None and not (ROOT / "warehouse" / name[1]).exists()


@pytest.mark.slices(*SLICES)
@named
def test_no_slice_is_gone_where_all_are_there(document: Path) -> None:
    text = document.read_text()
    said = [path for _, path, _ in QUOTATION.findall(text)] + [one[0] for one in LINK.findall(text)]
    assert [path for path in said if of_a_slice_that_is_gone(path)] == []


@named
def test_quotations_are_the_files(document: Path) -> None:
    wrong = [
        path
        for kind, path, text in QUOTATION.findall(document.read_text())
        if not of_a_slice_that_is_gone(path)
        and not is_quoted(kind, (ROOT / path).read_text(), text)
    ]
    assert wrong == []


def is_quoted(kind: str, original: str, text: str) -> bool:
    return text == original if kind == "file" else f"\n{text}" in f"\n{original}"


@named
def test_links_lead_somewhere(document: Path) -> None:
    text = CODE.sub("", document.read_text())
    links = [link or source for link, source in LINK.findall(text)]
    local = [link for link in links if not link.startswith(("http://", "https://"))]
    there = [link for link in local if not of_a_slice_that_is_gone(link)]
    assert [link for link in there if not leads_somewhere(document, link)] == []


def leads_somewhere(document: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = document.parent / path if path else document
    return target.exists() and (not anchor or anchor in anchors(target.read_text()))


def anchors(text: str) -> list[str]:
    """The anchors that the headings get: lower case, no punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.M)
    return [re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings]


def test_each_document_is_on_the_site() -> None:
    listed = set(re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE))
    assert {path.name for path in (ROOT / "docs").glob("*.md")} - listed == set()


@pytest.mark.slices("ship_product_quantity")
def test_readme_quotes() -> None:
    """What the tests above look for is there to be looked at."""
    text = (ROOT / "README.md").read_text()
    quoted = {path for _, path, _ in QUOTATION.findall(text)}
    wanted = {"cqrs_example/settings/wiring.py", "warehouse/ship_product_quantity/command.py"}
    assert wanted <= quoted
    marked = len(re.findall(r"<!-- (?:file|from): ", text))
    assert marked == len(QUOTATION.findall(text))


def test_an_altered_quotation_is_found() -> None:
    original = "one\ntwo\nthree\n"
    assert is_quoted("file", original, original)
    assert not is_quoted("file", original, "one\ntwo\n")
    assert is_quoted("from", original, "two\nthree\n")
    assert not is_quoted("from", original, "wo\nthree\n")
    assert not is_quoted("from", original, "two\n\nthree\n")


@named
def test_named_tests_exist(document: Path) -> None:
    named_tests = set(re.findall(r"\btest_\w+\.py\b", document.read_text()))
    there = [*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("warehouse/**/test_*.py")]
    assert named_tests <= {path.name for path in there}


@named
def test_environment_variables_are_read_somewhere(document: Path) -> None:
    rows = re.findall(r"^\| `([A-Z_]{4,})` \|", document.read_text(), re.MULTILINE)
    code = "".join(path.read_text() for path in ROOT.glob("[cdg]*/**/*.py"))
    code += (ROOT / "gunicorn.conf.py").read_text()
    assert [name for name in rows if not re.search(rf"\b{name}\b", code)] == []


@pytest.mark.slices(
    "increase_product_quantity",
    "ship_product_quantity",
    "low_product_quantity_notification",
)
def test_first_screen_shows_what_is_recorded(server, rows):
    """The two commands of its curl lines, and the table that psql answers with."""
    server.increase("abc123", 50)
    server.ship("abc123", 47)
    text = (ROOT / "README.md").read_text()
    shown = re.findall(r"^ +\d+ \| (\S+) +\| +(\d+) \| (\S+) +\| (\{.*\})$", text, re.MULTILINE)
    recorded = rows(
        "SELECT stream, version::text, type, data::text FROM eventstore_event ORDER BY position"
    )
    assert shown == recorded
    assert len(shown) == 3


def test_each_public_function_has_a_docstring() -> None:
    """`make docs` makes the reference of the blocks from them."""
    missing = [
        f"{block.name}.{name}"
        for block in (ROOT / "cqrs_example").iterdir()
        if (block / "__init__.py").exists() and block.name != "settings"
        for name in _imported(block)
        if not _documented(block, name)
    ]
    assert missing == []


def _imported(block: Path) -> list[str]:
    tree = ast.parse((block / "__init__.py").read_text())
    imports = [one for one in tree.body if isinstance(one, ast.ImportFrom) and one.level == 1]
    return [f"{one.module}.{name.name}" for one in imports for name in one.names]


def _documented(block: Path, name: str) -> bool:
    module, _, name = name.rpartition(".")
    path = block.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    kinds = ast.FunctionDef | ast.ClassDef
    found = [one for one in ast.parse(file.read_text()).body if isinstance(one, kinds)]
    named = [one for one in found if one.name == name]  # the last one, if there are overloads
    return not named or ast.get_docstring(named[-1]) is not None
