"""What people get: pages with forms, as a browser without JavaScript uses them."""

import socket
from urllib.parse import quote, urlencode
from uuid import UUID

import pytest

from .browsing import Browser

pytestmark = pytest.mark.usefixtures("bank")

LIST = "/accounts"
ACCOUNT = f"{LIST}/abc123"
DEPOSIT, WITHDRAW = f"{ACCOUNT}/deposit", f"{ACCOUNT}/withdraw"


@pytest.fixture
def browser(server):
    return Browser(server)


@pytest.fixture
def funded(server):
    """10 of abc123 are there."""
    server.deposit("abc123", 10)


@pytest.mark.usefixtures("funded")
@pytest.mark.parametrize("path", [LIST, ACCOUNT])
def test_page_has_forms(browser, path):
    page = browser.get(path)
    forms = [page.forms[action] for action in (DEPOSIT, WITHDRAW)]
    for fields in forms:
        fields.pop("reference", None)  # on the account's page one may say what for
        assert set(fields) == {"csrfmiddlewaretoken", "command_id", "next", "amount"}
        assert fields["next"] == path
        assert UUID(fields["command_id"]).version == 4
    assert len({fields["command_id"] for fields in page.forms.values()}) == len(page.forms)
    assert browser.get(path).forms[WITHDRAW]["command_id"] != page.forms[WITHDRAW]["command_id"]


def test_unknown_account_can_be_begun(server, browser):
    page = browser.get(ACCOUNT)
    assert DEPOSIT in page.forms
    assert WITHDRAW not in page.forms
    browser.submit(page, DEPOSIT, amount="7")
    assert server.balances() == {"abc123": 7}


@pytest.mark.usefixtures("funded")
@pytest.mark.parametrize("path", [LIST, ACCOUNT])
@pytest.mark.parametrize(
    ("action", "sentence", "balance"),
    [
        (DEPOSIT, "Deposited 7 in abc123, 17 there.", 17),
        (WITHDRAW, "Withdrew 7 from abc123, 3 left.", 3),
    ],
)
def test_form_good(server, browser, path, action, sentence, balance):
    page = browser.get(path)
    answer = browser.send(action, {**page.forms[action], "amount": " 7 "})
    assert (answer.status, answer.headers["Location"]) == (303, path)
    page = browser.get(path)
    assert page.texts["status"] == sentence
    assert server.balances() == {"abc123": balance}
    assert "status" not in browser.get(path).texts  # said once


@pytest.mark.usefixtures("funded")
def test_form_metadata(server, browser, rows):
    page = browser.get(LIST)
    browser.submit(page, WITHDRAW, amount="7")
    [(causation_id, metadata)] = rows(
        "SELECT causation_id::text, metadata FROM eventstore_event WHERE type = 'bank.Withdrawn'"
    )
    assert causation_id == page.forms[WITHDRAW]["command_id"]
    assert '"actor": "anonymous"' in metadata


@pytest.mark.usefixtures("funded")
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
    form = browser.get(LIST).forms[WITHDRAW]
    answer = browser.send(WITHDRAW, {**form, "amount": "1", "next": target})
    assert (answer.status, answer.headers["Location"]) == (303, "/")


@pytest.mark.usefixtures("funded")
def test_form_next_missing(browser):
    form = browser.get(LIST).forms[WITHDRAW]
    del form["next"]
    assert browser.send(WITHDRAW, {**form, "amount": "1"}).headers["Location"] == "/"


@pytest.mark.usefixtures("funded")
@pytest.mark.parametrize("action", [DEPOSIT, WITHDRAW])
@pytest.mark.parametrize("missing", ["field", "cookie", "both", "other"])
def test_form_token_missing(browser, everything, action, missing):
    form = {**browser.get(LIST).forms[action], "amount": "1"}
    if missing in ("field", "both"):
        del form["csrfmiddlewaretoken"]
    if missing in ("cookie", "both"):
        browser.cookies.clear()
    if missing == "other":
        form["csrfmiddlewaretoken"] = "x" * 64
    before = everything()
    assert browser.send(action, form).status == 403
    assert everything() == before


@pytest.mark.usefixtures("funded")
def test_form_token_of_another_origin(browser, everything):
    form = {**browser.get(LIST).forms[WITHDRAW], "amount": "1"}
    before = everything()
    answer = browser.request(
        "POST",
        WITHDRAW,
        urlencode(form),
        Content_Type="application/x-www-form-urlencoded",
        Origin="https://evil.example",
    )
    assert answer.status == 403
    assert everything() == before


@pytest.mark.usefixtures("funded")
@pytest.mark.parametrize(
    ("action", "typed", "error"),
    [
        (WITHDRAW, "11", "Insufficient funds."),
        (WITHDRAW, "", "but is missing."),
        (WITHDRAW, "0", 'but is "0".'),
        (WITHDRAW, "-1", 'but is "-1".'),
        (WITHDRAW, "1.5", 'but is "1.5".'),
        (WITHDRAW, "1,000", 'but is "1,000".'),
        (WITHDRAW, "five", 'but is "five".'),
        (WITHDRAW, "\uff15", 'but is "\uff15".'),
        (WITHDRAW, "2147483648", 'but is "2147483648".'),
        (WITHDRAW, "9" * 5000, "from 1 to 2,147,483,647"),
        (WITHDRAW, '"><script>', r'but is "\"><script>".'),
        (DEPOSIT, "0", 'but is "0".'),
        (DEPOSIT, "2147483648", 'but is "2147483648".'),
    ],
)
def test_form_refused(browser, everything, action, typed, error):
    page = browser.get(LIST)
    before = everything()
    refused = browser.submit(page, action, amount=typed)
    assert refused.status == 422
    assert error in refused.texts["alert"]
    assert '<span class="big">10</span> there' in refused.text
    [(form_action, form)] = refused.forms.items()
    assert (form_action, form["amount"], form["next"]) == (action, typed, LIST)
    assert form["command_id"] != page.forms[action]["command_id"]
    assert 'aria-invalid="true" aria-describedby="error"' in refused.text
    assert "<script>" not in refused.text
    assert everything() == before


@pytest.mark.usefixtures("funded")
def test_form_refused_then_corrected(server, browser):
    refused = browser.submit(browser.get(LIST), WITHDRAW, amount="11")
    page = browser.submit(refused, WITHDRAW, amount="3")
    assert (page.status, page.texts["status"]) == (200, "Withdrew 3 from abc123, 7 left.")
    assert server.balances() == {"abc123": 7}


@pytest.mark.usefixtures("funded")
def test_form_refused_shows_the_current_balance(server, browser):
    page = browser.get(LIST)
    server.withdraw("abc123", 4)  # somebody else
    assert '<span class="big">6</span> there' in browser.submit(page, WITHDRAW, amount="7").text


@pytest.mark.usefixtures("funded")
def test_form_refused_for_a_program(browser, everything):
    form = {**browser.get(LIST).forms[WITHDRAW], "amount": "11"}
    before = everything()
    answer = browser.request(
        "POST",
        WITHDRAW,
        urlencode(form),
        Content_Type="application/x-www-form-urlencoded",
        Accept="application/json",
    )
    assert (answer.status, answer.text) == (422, "Insufficient funds.")
    assert everything() == before


@pytest.mark.usefixtures("funded")
@pytest.mark.parametrize(("action", "amount"), [(DEPOSIT, "5"), (WITHDRAW, "3"), (WITHDRAW, "10")])
def test_form_sent_twice(browser, everything, action, amount):
    page = browser.get(LIST)
    first = browser.submit(page, action, amount=amount)
    before = everything()
    second = browser.submit(page, action, amount=amount)
    assert (first.status, second.status) == (200, 200)
    kindly = f"This was done before, and not again: {first.texts['status']}"
    assert second.texts["status"] == kindly
    assert everything() == before


@pytest.mark.usefixtures("funded")
@pytest.mark.parametrize(("action", "amount"), [(WITHDRAW, "4"), (DEPOSIT, "3")])
def test_form_command_id_of_another_command(browser, everything, action, amount):
    page = browser.get(LIST)
    command_id = page.forms[WITHDRAW]["command_id"]
    browser.submit(page, WITHDRAW, amount="3")
    before = everything()
    refused = browser.submit(page, action, amount=amount, command_id=command_id)
    assert refused.status == 422
    assert refused.texts["alert"].startswith("Nothing was done: this form had been sent before.")
    assert refused.forms[action]["command_id"] != command_id
    assert refused.forms[action]["amount"] == amount
    assert '<span class="big">7</span> there' in refused.text
    assert everything() == before


@pytest.mark.usefixtures("funded")
@pytest.mark.parametrize("command_id", ["", "1", "\x00", "nonsense"])
def test_form_command_id_invalid(browser, everything, command_id):
    page = browser.get(LIST)
    before = everything()
    refused = browser.submit(page, WITHDRAW, amount="3", command_id=command_id)
    assert refused.status == 422
    assert "must be a UUID" in refused.texts["alert"]
    assert everything() == before


@pytest.mark.parametrize(
    ("account", "escaped"),
    [
        ("<script>alert('1')", "&lt;script&gt;alert(&#x27;1&#x27;)"),
        ('"><img src=x onerror=a>', "&quot;&gt;&lt;img src=x onerror=a&gt;"),
        ("a&amp;b", "a&amp;amp;b"),
        ("{{ 1 }}", "{{ 1 }}"),
    ],
)
def test_account_is_escaped(server, browser, account, escaped):
    server.deposit(quote(account), 10)
    server.withdraw(quote(account), 6)
    low_balances, page = browser.get("/low_balances"), browser.get(f"{LIST}/{quote(account)}")
    deposit, withdraw = (
        next(action for action in page.forms if action.endswith(f"/{name}"))
        for name in ("deposit", "withdraw")
    )
    deposited = browser.submit(page, deposit, amount="2")
    refused = browser.submit(page, withdraw, amount="99")
    assert (deposited.status, refused.status) == (200, 422)
    for shown in (low_balances, page, browser.get(LIST), deposited, refused):
        assert escaped in shown.text
        assert escaped == account or account not in shown.text
    assert server.balances() == {account: 6}


@pytest.mark.usefixtures("funded")
def test_form_cut_off(server, browser, everything):
    """`amount=10` must not become `amount=1`."""
    form = urlencode({**browser.get(LIST).forms[WITHDRAW], "amount": "10"})
    before = everything()
    request = (
        f"POST {WITHDRAW} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: text/html\r\n"
        f"Cookie: csrftoken={browser.cookies['csrftoken']}\r\nContent-Length: {len(form)}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\n\r\n{form[:-1]}"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(request.encode())
        client.shutdown(socket.SHUT_WR)
        assert client.makefile("rb").readline().split()[1] == b"422"
    assert everything() == before


@pytest.mark.usefixtures("funded")
def test_form_multipart(server, browser):
    fields = {**browser.get(LIST).forms[WITHDRAW], "amount": "3"}
    body = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    answer = browser.request(
        "POST", WITHDRAW, body + "--x--\r\n", Content_Type="multipart/form-data; boundary=x"
    )
    assert answer.status == 303
    assert server.balances() == {"abc123": 7}
