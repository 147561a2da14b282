"""What people get: pages with forms, as a browser without JavaScript uses them."""

import socket
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import quote, urlencode
from uuid import UUID

import pytest

from .conftest import Answer, Server

pytestmark = pytest.mark.slices(
    "increase_product_quantity",
    "ship_product_quantity",
    "products",
    "product_history",
    "low_product_quantity_notification",
)

LIST = "/warehouse/products"
PRODUCT = f"{LIST}/abc123"
INCREASE, SHIP = f"{PRODUCT}/increase_quantity", f"{PRODUCT}/ship_quantity"


class Page(HTMLParser):
    """A page's forms (by their action, each with its fields), and what roles say."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.status, self.text = answer.status, answer.text
        self.forms: dict[str, dict[str, str]] = {}
        self.told: dict[str, str] = {}
        self.role: str | None = None
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.role = attributes.get("role", self.role)
        if tag == "form":
            self.fields: dict[str, str] = {}
            if attributes.get("method") == "post":
                self.forms[attributes["action"]] = self.fields
        if tag == "input":
            self.fields[attributes["name"]] = attributes.get("value", "")

    def handle_data(self, data: str) -> None:
        if self.role and data.strip():
            self.told[self.role] = data
            self.role = None


class Browser:
    """Keeps cookies, follows redirects after a form."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.cookies: dict[str, str] = {}

    def request(self, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {"Accept": "text/html,*/*;q=0.8", "Cookie": cookies, **headers}
        answer = self.server(method, path, body, **headers)
        for line in answer.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return answer

    def get(self, path: str) -> Page:
        return Page(self.request("GET", path))

    def send(self, action: str, fields: dict[str, str]) -> Answer:
        form = "application/x-www-form-urlencoded"
        return self.request("POST", action, urlencode(fields), Content_Type=form)

    def submit(self, page: Page, action: str, **typed: str) -> Page:
        """Fill in a form and send it; the page that comes then."""
        answer = self.send(action, {**page.forms[action], **typed})
        if answer.status == 303:
            return self.get(answer.headers["Location"])
        return Page(answer)


@pytest.fixture
def browser(server):
    return Browser(server)


@pytest.fixture
def stocked(server):
    """10 of abc123 are there."""
    server.increase("abc123", 10)


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize("path", [LIST, PRODUCT])
def test_page_has_forms(browser, path):
    page = browser.get(path)
    forms = [page.forms[action] for action in (INCREASE, SHIP)]
    for fields in forms:
        fields.pop("reference", None)  # on the product's page one may say what for
        assert set(fields) == {"csrfmiddlewaretoken", "command_id", "next", "quantity"}
        assert fields["next"] == path
        assert UUID(fields["command_id"]).version == 4
    assert len({fields["command_id"] for fields in page.forms.values()}) == len(page.forms)
    assert browser.get(path).forms[SHIP]["command_id"] != page.forms[SHIP]["command_id"]


def test_stock_page_empty(browser):
    assert "Nothing in stock yet" in browser.get(LIST).text


def test_stock_page_marks_what_is_low(server, browser):
    server.increase("abc123", 6)
    assert "Low" not in browser.get(LIST).text
    server.ship("abc123", 1)
    assert '<span class="badge low">Low</span>' in browser.get(LIST).text


def test_unknown_product_can_be_received(server, browser):
    page = browser.get(PRODUCT)
    assert INCREASE in page.forms
    assert SHIP not in page.forms
    browser.submit(page, INCREASE, quantity="7")
    assert server.stock() == {"abc123": 7}


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize("path", [LIST, PRODUCT])
@pytest.mark.parametrize(
    ("action", "sentence", "stock"),
    [
        (INCREASE, "Received 7 of abc123. 17 on hand.", 17),
        (SHIP, "Shipped 7 of abc123. 3 left.", 3),
    ],
)
def test_form_good(server, browser, path, action, sentence, stock):
    page = browser.get(path)
    answer = browser.send(action, {**page.forms[action], "quantity": " 7 "})
    assert (answer.status, answer.headers["Location"]) == (303, path)
    page = browser.get(path)
    assert page.told["status"] == sentence
    assert server.stock() == {"abc123": stock}
    assert "status" not in browser.get(path).told  # said once


@pytest.mark.usefixtures("stocked")
def test_form_metadata(server, browser, rows):
    page = browser.get(LIST)
    browser.submit(page, SHIP, quantity="7")
    [(causation_id, metadata)] = rows(
        "SELECT causation_id::text, metadata FROM eventstore_event"
        " WHERE type = 'warehouse.ProductQuantityShipped'"
    )
    assert causation_id == page.forms[SHIP]["command_id"]
    assert '"actor": "anonymous"' in metadata


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize(
    "target",
    [
        *[
            "",
            "https://evil.example/",
            "//evil.example/",
            "http:///evil.example",
            "\\\\evil.example",
        ],
        *[
            "javascript:alert(1)",
            "/\\evil.example",
            "https://127.0.0.1.evil.example/",
            "\x00//evil",
        ],
        *["ftp://127.0.0.1/", " //evil.example", "http:evil.example", "/\t/evil.example"],
    ],
)
def test_form_next_elsewhere(browser, target):
    form = browser.get(LIST).forms[SHIP]
    answer = browser.send(SHIP, {**form, "quantity": "1", "next": target})
    assert (answer.status, answer.headers["Location"]) == (303, "/")


@pytest.mark.usefixtures("stocked")
def test_form_next_missing(browser):
    form = browser.get(LIST).forms[SHIP]
    del form["next"]
    assert browser.send(SHIP, {**form, "quantity": "1"}).headers["Location"] == "/"


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize("action", [INCREASE, SHIP])
@pytest.mark.parametrize("missing", ["field", "cookie", "both", "other"])
def test_form_token_missing(browser, everything, action, missing):
    form = {**browser.get(LIST).forms[action], "quantity": "1"}
    if missing in ("field", "both"):
        del form["csrfmiddlewaretoken"]
    if missing in ("cookie", "both"):
        browser.cookies.clear()
    if missing == "other":
        form["csrfmiddlewaretoken"] = "x" * 64
    before = everything()
    assert browser.send(action, form).status == 403
    assert everything() == before


@pytest.mark.usefixtures("stocked")
def test_form_token_of_another_origin(browser, everything):
    form = {**browser.get(LIST).forms[SHIP], "quantity": "1"}
    before = everything()
    answer = browser.request(
        "POST",
        SHIP,
        urlencode(form),
        Content_Type="application/x-www-form-urlencoded",
        Origin="https://evil.example",
    )
    assert answer.status == 403
    assert everything() == before


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize(
    ("action", "typed", "error"),
    [
        (SHIP, "11", "Insufficient quantity on hand."),
        (SHIP, "", "but is missing."),
        (SHIP, "0", 'but is "0".'),
        (SHIP, "-1", 'but is "-1".'),
        (SHIP, "1.5", 'but is "1.5".'),
        (SHIP, "1,000", 'but is "1,000".'),
        (SHIP, "five", 'but is "five".'),
        (SHIP, "\uff15", 'but is "\uff15".'),
        (SHIP, "2147483648", 'but is "2147483648".'),
        (SHIP, "9" * 5000, "from 1 to 2,147,483,647"),
        (SHIP, '"><script>', r'but is "\"><script>".'),
        (INCREASE, "0", 'but is "0".'),
        (INCREASE, "2147483648", 'but is "2147483648".'),
    ],
)
def test_form_refused(browser, everything, action, typed, error):
    page = browser.get(LIST)
    before = everything()
    refused = browser.submit(page, action, quantity=typed)
    assert refused.status == 422
    assert error in refused.told["alert"]
    assert '<span class="big">10</span> on hand' in refused.text
    [(form_action, form)] = refused.forms.items()
    assert (form_action, form["quantity"], form["next"]) == (action, typed, LIST)
    assert form["command_id"] != page.forms[action]["command_id"]
    assert 'aria-invalid="true" aria-describedby="error"' in refused.text
    assert "<script>" not in refused.text
    assert everything() == before


@pytest.mark.usefixtures("stocked")
def test_form_refused_then_corrected(server, browser):
    refused = browser.submit(browser.get(LIST), SHIP, quantity="11")
    page = browser.submit(refused, SHIP, quantity="3")
    assert (page.status, page.told["status"]) == (200, "Shipped 3 of abc123. 7 left.")
    assert server.stock() == {"abc123": 7}


@pytest.mark.usefixtures("stocked")
def test_form_refused_shows_the_current_stock(server, browser):
    page = browser.get(LIST)
    server.ship("abc123", 4)  # somebody else
    assert '<span class="big">6</span> on hand' in browser.submit(page, SHIP, quantity="7").text


@pytest.mark.usefixtures("stocked")
def test_form_refused_for_a_program(browser, everything):
    form = {**browser.get(LIST).forms[SHIP], "quantity": "11"}
    before = everything()
    answer = browser.request(
        "POST",
        SHIP,
        urlencode(form),
        Content_Type="application/x-www-form-urlencoded",
        Accept="application/json",
    )
    assert (answer.status, answer.text) == (422, "Insufficient quantity on hand.")
    assert everything() == before


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize(("action", "quantity"), [(INCREASE, "5"), (SHIP, "3"), (SHIP, "10")])
def test_form_sent_twice(browser, everything, action, quantity):
    page = browser.get(LIST)
    first = browser.submit(page, action, quantity=quantity)
    before = everything()
    second = browser.submit(page, action, quantity=quantity)
    assert (first.status, second.status) == (200, 200)
    kindly = f"This was done before, and not again: {first.told['status']}"
    assert second.told["status"] == kindly
    assert everything() == before


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize(("action", "quantity"), [(SHIP, "4"), (INCREASE, "3")])
def test_form_command_id_of_another_command(browser, everything, action, quantity):
    page = browser.get(LIST)
    command_id = page.forms[SHIP]["command_id"]
    browser.submit(page, SHIP, quantity="3")
    before = everything()
    refused = browser.submit(page, action, quantity=quantity, command_id=command_id)
    assert refused.status == 422
    assert refused.told["alert"].startswith("Nothing was done: this form had been sent before.")
    assert refused.forms[action]["command_id"] != command_id
    assert refused.forms[action]["quantity"] == quantity
    assert '<span class="big">7</span> on hand' in refused.text
    assert everything() == before


@pytest.mark.usefixtures("stocked")
@pytest.mark.parametrize("command_id", ["", "1", "\x00", "nonsense"])
def test_form_command_id_invalid(browser, everything, command_id):
    page = browser.get(LIST)
    before = everything()
    refused = browser.submit(page, SHIP, quantity="3", command_id=command_id)
    assert refused.status == 422
    assert "must be a UUID" in refused.told["alert"]
    assert everything() == before


@pytest.mark.parametrize(
    ("sku", "escaped"),
    [
        ("<script>alert('1')", "&lt;script&gt;alert(&#x27;1&#x27;)"),
        ('"><img src=x onerror=a>', "&quot;&gt;&lt;img src=x onerror=a&gt;"),
        ("a&amp;b", "a&amp;amp;b"),
        ("{{ 1 }}", "{{ 1 }}"),
    ],
)
def test_sku_is_escaped(server, browser, sku, escaped):
    server.increase(quote(sku), 10)
    server.ship(quote(sku), 6)
    notifications = browser.get("/warehouse/low_product_quantity_notifications")
    product = browser.get(f"{LIST}/{quote(sku)}")
    increase, ship = (
        next(action for action in product.forms if action.endswith(f"/{name}_quantity"))
        for name in ("increase", "ship")
    )
    increased = browser.submit(product, increase, quantity="2")
    refused = browser.submit(product, ship, quantity="99")
    assert (increased.status, refused.status) == (200, 422)
    for page in (notifications, product, browser.get(LIST), increased, refused):
        assert escaped in page.text
        assert escaped == sku or sku not in page.text
    assert server.stock() == {sku: 6}


@pytest.mark.usefixtures("stocked")
def test_form_cut_off(server, browser, everything):
    """`quantity=10` must not become `quantity=1`."""
    form = urlencode({**browser.get(LIST).forms[SHIP], "quantity": "10"})
    before = everything()
    request = (
        f"POST {SHIP} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: text/html\r\n"
        f"Cookie: csrftoken={browser.cookies['csrftoken']}\r\nContent-Length: {len(form)}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\n\r\n{form[:-1]}"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(request.encode())
        client.shutdown(socket.SHUT_WR)
        assert client.makefile("rb").readline().split()[1] == b"422"
    assert everything() == before


@pytest.mark.usefixtures("stocked")
def test_form_multipart(server, browser):
    fields = {**browser.get(LIST).forms[SHIP], "quantity": "3"}
    body = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    answer = browser.request(
        "POST", SHIP, body + "--x--\r\n", Content_Type="multipart/form-data; boundary=x"
    )
    assert answer.status == 303
    assert server.stock() == {"abc123": 7}
