"""One Chromium for all tests of a process, and for each test a browser context of its own."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.serving import Server

# The one that never shows a window first: with it the tests take little more than half the time.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
SWITCHES = [
    "--no-sandbox",  # it refuses to start for root otherwise
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
]
# Runs before anything of the page does; the page's own policy does not hold for it.
REPORT = """addEventListener("securitypolicyviolation", violation =>
    console.error(`refused by the policy: ${violation.violatedDirective} ${violation.blockedURI}`))
"""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before anything is started for a test; the same line each time is one line."""
    if CHROMIUM is None and "chromium" in getattr(item, "fixturenames", ()):
        pytest.skip("there is no chromium, so nothing is tested in a browser")


class Visitor:
    """Opens pages, and remembers what the browser complained about."""

    def __init__(self, chromium: Browser, server: Server, **options: Any) -> None:
        self.address = f"http://127.0.0.1:{server.port}"
        self.context: BrowserContext = chromium.new_context(base_url=self.address, **options)
        self.context.set_default_timeout(10_000)
        self.context.add_init_script(REPORT)
        self.complaints: list[str] = []
        self.context.on("console", lambda message: self.complain(message.type, message.text))
        self.context.on("weberror", lambda error: self.complain("error", str(error.error)))
        self.page: Page = self.context.new_page()

    def complain(self, kind: str, text: str) -> None:
        # That an address answered 422 is the answer to what was sent, and no mistake of the page.
        if kind in ("error", "warning") and "server responded with a status of" not in text:
            self.complaints.append(f"{self.page.url}: {text}")

    def open(self, path: str) -> Page:
        self.page.goto(path)
        return self.page


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    # Playwright has an event loop in this thread, which Django would take for an async view.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def visitor(request: pytest.FixtureRequest, server: Server, chromium: Browser) -> Iterator[Visitor]:
    """A browser, with the options that a test may give it as the parameter."""
    visitor = Visitor(chromium, server, **getattr(request, "param", {}))
    yield visitor
    visitor.context.close()
    assert visitor.complaints == []


@pytest.fixture
def page(visitor: Visitor) -> Page:
    return visitor.page


both_ways = pytest.mark.parametrize(
    "visitor",
    [{}, {"java_script_enabled": False}],
    ids=["javascript", "no javascript"],
    indirect=True,
)
