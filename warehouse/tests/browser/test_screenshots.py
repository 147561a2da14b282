"""Pictures of the stock and of a product, the same each time: `make screenshots` keeps them."""

import os
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from dev import sample
from tests.browser.fixtures import Visitor
from tests.serving import ROOT

FIRST_DAY, DAYS = date(2026, 1, 1), 75
DESK, PHONE = {"width": 1040, "height": 680}, {"width": 360, "height": 720}
LOOKS: list[tuple[str, dict[str, Any]]] = [
    ("light", {"viewport": DESK, "color_scheme": "light"}),
    ("dark", {"viewport": DESK, "color_scheme": "dark"}),
    ("phone", {"viewport": PHONE, "color_scheme": "light", "has_touch": True, "is_mobile": True}),
]
PAGES = {"stock": "/warehouse/products", "product": "/warehouse/products/bolt-06"}


@pytest.mark.slow
@pytest.mark.slices(
    "products",
    "product_history",
    "increase_product_quantity",
    "ship_product_quantity",
)
def test_screenshots(chromium, server, tmp_path):
    for number in range(DAYS):
        day = FIRST_DAY + timedelta(days=number)
        sample.record(day)
    folder = ROOT / "docs" / "screenshots" if os.environ.get("SCREENSHOTS") else tmp_path
    for look, options in LOOKS:
        visitor = Visitor(chromium, server, **options)
        for name, path in PAGES.items():
            page = visitor.open(path)
            expect(page.locator("tbody tr").first).to_be_visible()
            picture = folder / f"{name}-{look}.png"
            page.screenshot(path=picture)
            assert 5_000 < picture.stat().st_size < 150_000
        visitor.context.close()
        assert visitor.complaints == []
