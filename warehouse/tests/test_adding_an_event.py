"""A new event is not forgotten: tools name each place that has to decide what it means there."""

import re
import shutil
from pathlib import Path

import pytest

from tests import trees

pytestmark = pytest.mark.slow

RETURNED = """@dataclass(frozen=True, slots=True)
class ProductQuantityReturned:
    type: ClassVar[str] = "warehouse.ProductQuantityReturned"
    schema_version: ClassVar[int] = 1

    sku: str
    quantity: int
    quantity_on_hand: int


"""
UNION = "ProductEvent = "
# Where the type checker asks what the event means. Whoever needs no more than all events of the
# union have (its SKU, what is on hand, the change) is right without being asked.
DECIDE = {("warehouse/events.py", "change"), ("warehouse/product_history/row.py", "_sentence")}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = trees.copy(tmp_path)
    # The type checker's settings install a domain of the tests.
    shutil.copytree(trees.ROOT / "tests", tree / "tests", dirs_exist_ok=True)
    # What `make check` has left behind saves half a minute; each file that differs is read anew.
    if (cache := trees.ROOT / ".mypy_cache").exists():
        shutil.copytree(cache, tree / cache.name)
    return tree


def add_event(tree: Path, *, union: bool) -> None:
    path = tree / "warehouse/events.py"
    before, after = path.read_text().split("# The events of a product's stream.")
    if union:
        after = after.replace(UNION, f"{UNION}ProductQuantityReturned | ", 1)
    path.write_text(f"{before}{RETURNED}# The events of a product's stream.{after}")


def function_at(path: Path, line: int) -> str:
    """The function that a line of a file is in."""
    names = re.findall(r"^def (\w+)", "\n".join(path.read_text().splitlines()[:line]), re.MULTILINE)
    return str(names[-1])


def test_type_checker_names_the_places_that_have_to_decide(tree: Path) -> None:
    add_event(tree, union=True)
    code, output = trees.run(tree, "-m", "mypy", "cqrs_example", "warehouse")
    errors = re.findall(r"^(\S+):(\d+): error: (.*)", output, re.MULTILINE)
    assert code == 1, output
    decide = {(path, name) for path, name in DECIDE if (tree / path).exists()}  # a slice may go
    assert {(path, function_at(tree / path, int(line))) for path, line, _ in errors} == decide
    assert len(errors) == len(decide), output
    assert all('"ProductQuantityReturned"; expected "Never"' in error for *_, error in errors)


def test_check_names_an_event_that_is_in_no_union(tree: Path) -> None:
    add_event(tree, union=False)
    code, output = trees.run(tree, "manage.py", "check", "--fail-level", "WARNING")
    assert code == 1
    problems = re.findall(r"^\?: \((\S+)\) (.*)", output, re.MULTILINE)
    assert problems == [
        ("messaging.W001", "Nobody hears of ProductQuantityReturned: no projection and no policy.")
    ]
