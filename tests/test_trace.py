"""The sequence diagrams of docs/modes.md are those of the code."""

import pytest

from dev.trace import DOCS, PICTURES, as_svg


@pytest.mark.slow
@pytest.mark.slices(
    "increase_product_quantity",
    "ship_product_quantity",
    "products",
    "shipping_report",
    "low_product_quantity_notification",
)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", PICTURES)
def test_a_diagram_is_that_of_a_run(name):
    assert as_svg(PICTURES[name]()) == (DOCS / name).read_text(), (
        "Draw them anew: python -m dev.trace"
    )
