"""Whether a page is for everybody."""

from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

WIDE: ViewportSize = {"width": 1200, "height": 800}
NARROW: ViewportSize = {"width": 320, "height": 640}
LOOKS: list[tuple[ViewportSize, Literal["light", "dark"]]] = [(WIDE, "light"), (NARROW, "dark")]


def is_for_everybody(page: Page) -> None:
    """On a wide screen and on a narrow one, light and dark."""
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    for size, scheme in LOOKS:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], f"{width - size['width']} pixels stick out"
        # Django's admin fades its links from one colour to the other.
        page.evaluate("Promise.all(document.getAnimations().map(one => one.finished))")
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
