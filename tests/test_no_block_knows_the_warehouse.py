"""The blocks are copied into other people's projects: none of them speaks of the warehouse."""

import re
from pathlib import Path

from . import trees

ROOT = Path(__file__).parent.parent
PROJECT = ROOT / "cqrs_example"
# Of this project, and not copied: its first page, its style, what is wired, its addresses.
OWN = {"__init__.py", "base.html", "home.py", "settings", "static", "urls.py"}
WORDS = re.compile(
    r"warehous|product(?!ion|ive)|\bskus?\b|\bstock|shipment|shipp(ed|ing)|quantit", re.IGNORECASE
)


def files() -> list[Path]:
    """Code, templates, styles and data of the blocks and of what is copied beside them."""
    found = (
        path for path in PROJECT.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    )
    return [
        path
        for path in found
        if path.relative_to(PROJECT).parts[0] not in OWN and path.name != "base.html"
    ]


def said(path: Path) -> list[str]:
    try:
        lines = path.read_text().splitlines()
    except UnicodeDecodeError:  # a picture
        return []
    where = path.relative_to(ROOT)
    return [f"{where}:{n}: {line.strip()}" for n, line in enumerate(lines, 1) if WORDS.search(line)]


def test_no_block_knows_the_warehouse() -> None:
    assert len(files()) > 200
    assert [line for path in files() for line in said(path)] == []


def test_no_block_imports_by_the_name_of_this_package() -> None:
    """A copy has another one; migrations, which Django writes, are such a place."""
    named = re.compile(r"^\s*(?:import|from) cqrs_example\b", re.MULTILINE)
    own = {path.name for path in PROJECT.glob("*.py")}
    code = [path for path in files() if path.suffix == ".py"]
    blocks = [path for path in code if path.relative_to(PROJECT).parts[0] not in own]
    assert len(blocks) > 100
    assert [str(path) for path in blocks if named.search(path.read_text())] == []


def test_the_words_are_found(tmp_path: Path) -> None:
    copy = trees.copy(tmp_path) / "cqrs_example/access/tokens.py"
    text = copy.read_text()
    for word in ("a Warehouse", "SKU", "stock_list", "quantity", "products"):
        assert WORDS.search(f"{text}# {word}")
    assert not WORDS.search(text + "# in production")
