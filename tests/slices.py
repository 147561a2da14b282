"""The slices of the example by name: what a test may say that it needs."""

from collections.abc import Iterable
from pathlib import Path

from django.apps import apps

ROOT = Path(__file__).parent.parent

# A slice that is removed stays in this list: tests that need it know by that what has gone.
SLICES = (
    "activity",
    "count_product_quantity",
    "documents",
    "import_stock",
    "increase_product_quantity",
    "low_product_quantity_notification",
    "low_stock",
    "product_history",
    "products",
    "ship_product_quantity",
    "shipping_report",
    "undo_product_change",
)


def is_installed(name: str) -> bool:
    return apps.is_installed(f"warehouse.{name}")


def unlisted(folder: Path = ROOT / "warehouse") -> list[str]:
    """The slices that are there, but not in the list: `slices("…")` cannot name them."""
    return sorted({path.parent.name for path in folder.glob("*/apps.py")} - set(SLICES))


def lacking(name: str) -> str:
    """A sentence about a slice that is not listed."""
    return f'warehouse/{name} has no line in tests/slices.py: add "{name}" to SLICES there.'


def misspelt(needed: Iterable[tuple[str, str]], folder: Path = ROOT / "warehouse") -> list[str]:
    """A sentence for each name that is not in the list; `needed` are pairs of a test and a name.

    Where there is such a slice, the list is wrong, and no test is.
    """
    there, known = unlisted(folder), ", ".join(SLICES)
    sentences = [
        lacking(name)
        if name in there
        else f'{test} needs slices("{name}"), but tests/slices.py lists no {name}: {known}.'
        for test, name in needed
        if name not in SLICES
    ]
    return list(dict.fromkeys(sentences))
