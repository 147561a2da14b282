"""Every command and every address of the warehouse, over HTTP. Which there are, what they take and
what a test may send stands in each slice's `openapi.json`: a new slice is tested with the others.

What is right and wrong in a request in all its forms is tested with the bank, in tests/.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, unquote, urlencode
from uuid import uuid4

import pytest

from cqrs_example.eventstore import read_all
from tests.fixtures import empty_all_tables
from tests.heard import subscribe, until_heard
from tests.serving import Answer, Server, raw

from .addresses import COMMANDS, OF_A_PRODUCT, READ, Command
from .given import received

FORM = "application/x-www-form-urlencoded"
every_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.path)
OF_QUANTITIES = [command for command in COMMANDS if "quantity" in command.fields]
every_address = pytest.mark.parametrize("path", READ)


@pytest.fixture
def stocked(server: Server) -> Server:
    """100 of abc123 are there: enough for every example."""
    received("abc123", 100)
    return server


@pytest.fixture(scope="module")
def _unchanged(_gunicorn: Server, django_db_blocker: Any) -> Iterator[Server]:
    """100 of abc123 are there, for all tests that change nothing."""
    with django_db_blocker.unblock():
        subscribe()
        received("abc123", 100)
        until_heard()
        yield _gunicorn
        empty_all_tables()


@pytest.fixture
def refusing(_unchanged: Server, db: None, everything: Callable[[], Any]) -> Iterator[Server]:
    """Fails a test that had any effect."""
    before = everything()
    yield _unchanged
    assert everything() == before


def test_there_are_commands_and_addresses() -> None:
    assert COMMANDS
    assert READ


# Commands


@every_command
def test_example_is_carried_out_once(stocked: Server, command: Command) -> None:
    before, key = len(list(read_all())), str(uuid4())
    first, again = (
        stocked.post(command.address(), command.body(), Idempotency_Key=key) for _ in range(2)
    )
    assert [(answer.status, answer.body) for answer in (first, again)] == [(200, b"")] * 2
    recorded = [event for event in list(read_all())[before:] if str(event.causation_id) == key]
    assert [event.stream for event in recorded] == ["product-abc123"]
    assert len({event.metadata["actor"] for event in recorded}) == 1


@every_command
def test_key_of_another_command(stocked: Server, command: Command, everything: Any) -> None:
    key = str(uuid4())
    assert stocked.post(command.address(), command.body(), Idempotency_Key=key).status == 200
    before = everything()
    other = command.body(**{name: command.example[name] + 1 for name in command.required})
    answer = stocked.post(command.address(), other, Idempotency_Key=key)
    assert answer.status == 422
    assert f"The command id {key} belongs to another command" in answer.text
    assert everything() == before


@every_command
def test_only_the_address_names_the_product(stocked: Server, command: Command) -> None:
    assert stocked.post(command.address(), command.body(sku="other")).status == 200
    assert {event.stream for event in read_all()} >= {"product-abc123"}
    assert "product-other" not in {event.stream for event in read_all()}


@every_command
def test_sku_in_two_spellings_is_one_product(server: Server, command: Command) -> None:
    received("caf\u00e9", 100)
    address = command.address(quote("cafe\u0301"))
    assert server.post(address, command.body()).status == 200
    [event, *_] = list(read_all())[1:]
    assert (event.stream, event.version) == ("product-caf\u00e9", 2)
    assert getattr(event.data, "sku", None) == "caf\u00e9"


def wrong_bodies(command: Command) -> Iterator[str]:
    """The example, with one mistake at a time."""
    yield from ["", "{}", "[]", "null", "{", command.body() + "}", command.body(nonsense=1)]
    yield command.body().upper()
    yield from (command.without(name) for name in command.required)
    for name, schema in command.fields.items():
        for value in wrong_values(schema):
            yield command.body(**{name: value})


def wrong_values(schema: dict[str, Any]) -> list[Any]:
    if schema.get("type") == "integer":
        outside = [schema["minimum"] - 1, schema["maximum"] + 1]
        return [*outside, "5", 5.5, 1e400, True, None, [5], {"quantity": 5}]
    if schema.get("type") == "string":
        return [5, True, ["A"], {}, "x" * (schema["maxLength"] + 1), "a\u202eb", "a\nb"]
    return []  # what the address says counts, whatever the body has


@every_command
def test_wrong_body(refusing: Server, command: Command) -> None:
    bodies = [body.replace("Infinity", "1e400") for body in wrong_bodies(command)]
    assert len(bodies) > 15
    for body in bodies:
        as_the_original, program, person = (
            refusing.post(command.address(), body, **accept)
            for accept in ({}, {"Accept": "*/*"}, {"Accept": "text/html"})
        )
        assert (as_the_original.status, as_the_original.body) == (400, b""), body
        assert program.status == person.status == 400
        assert program.text.startswith("The ")
        assert program.text.endswith(".")
        assert person.headers["Content-Type"] == "text/html; charset=utf-8"


@every_command
def test_wrong_request(refusing: Server, command: Command) -> None:
    def status(method: str = "POST", **headers: str) -> int:
        headers = {"Content_Type": "application/json", **headers}
        return refusing(method, command.address(), command.body(), **headers).status

    assert [status(Accept=accept) for accept in ("image/png", "nonsense", "*/*;q=0")] == [406] * 3
    assert [status(Content_Type=other) for other in ("text/plain", "json", "*/*")] == [415] * 3
    assert status(Content_Encoding="gzip") == 415
    assert status(Content_Type=FORM) == 403  # without a token
    assert [status(Idempotency_Key=key) for key in ("", "1", "nonsense")] == [400] * 3
    for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "BREW"):
        answer = refusing(method, command.address())
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    assert refusing.post(command.address(), command.body().ljust(17_000)).status == 413
    assert refusing.post(command.address("a" * 5000), command.body()).status == 414
    head = f"POST {command.address()} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    head += "Content-Type: application/json\r\n"
    chunked = f"{head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert raw(refusing, chunked.encode()).status == 411
    cut_off = f"{head}Content-Length: 200\r\n\r\n{command.body()}"
    assert raw(refusing, cut_off.encode()).status == 400


# SKUs

UNSEEN = "The SKU has a character that cannot be seen"
SPACE = "The SKU begins or ends with a space"
SIGN = 'The SKU has a "/" or a "%", or is "." or ".."'
WRONG_SKUS = {
    **{"a" * 65: "The SKU has 65 characters", quote("🚚" * 65): "The SKU has 65 characters"},
    quote("\u0958" * 33): "The SKU has 66 characters",  # normalised, each is two
    **dict.fromkeys(["a%2Fb", "a/b", "%2F", "a%25b", "%252F", "%ff", "%ED%A0%80"], SIGN),
    **dict.fromkeys([".", "..", "%2E%2E"], SIGN),
    **dict.fromkeys(["%20", "%20a", "a%20", "a%C2%A0", "%E3%80%80a"], SPACE),
    **dict.fromkeys(["%00", "a%00b", "a%0Ab", "a%0D%0Ab", "a%09b", "a%7Fb", "a%C2%85b"], UNSEEN),
    **dict.fromkeys(map(quote, ["a\u200bb", "a\u202eb", "\ufeffa", "a\u2028b"]), UNSEEN),
}


@pytest.mark.parametrize("path", OF_A_PRODUCT)
def test_wrong_sku(refusing: Server, path: str) -> None:
    bodies = {command.path: command.body() for command in COMMANDS}

    def send(sku: str, accept: str) -> Answer:
        method = "POST" if path in bodies else "GET"
        headers = {"Accept": accept, "Content_Type": "application/json"}
        return refusing(method, path.replace("{sku}", sku), bodies.get(path), **headers)

    for sku, reason in WRONG_SKUS.items():
        program = send(sku, "application/json")
        if path in bodies or "/" not in unquote(sku):
            assert program.status == send(sku, "text/html").status == 400, sku
            assert program.text == f"{reason}: it has 1 to 64 visible characters."
        else:  # such an address may lead elsewhere, or nowhere
            assert program.status in (200, 404)


@pytest.mark.parametrize("sku", ["<script>alert('1')", '"><img src=x onerror=a>', "a&amp;b"])
def test_sku_is_escaped_on_every_page(server: Server, sku: str) -> None:
    received(sku, 100)
    for path in READ:
        answer = server("GET", path.replace("{sku}", quote(sku)), Accept="text/html")
        assert answer.status == 200
        assert sku not in answer.text, path
    for command in COMMANDS:  # and where it is refused
        answer = server.post(command.address(quote(sku)), "{}", Accept="text/html")
        assert answer.status == 400
        assert sku not in answer.text


# What is read


@every_address
def test_read_as_json_and_as_a_page(stocked: Server, path: str) -> None:
    address = path.replace("{sku}", "abc123")
    firefox = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    for accept in (None, "*/*", "application/json", "text/plain, application/json;q=0.1"):
        answer = stocked("GET", address, **({"Accept": accept} if accept else {}))
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        json.loads(answer.body)
    for accept in ("text/html", firefox, "application/json;q=0.1, text/html"):
        answer = stocked("GET", address, Accept=accept)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert answer.text.startswith("<!doctype html>")
        assert "Accept" in answer.headers["Vary"].split(", ")
        assert answer.headers["Cache-Control"] == "max-age=0, private, must-revalidate"


@every_address
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_head(stocked: Server, path: str, accept: str) -> None:
    address = path.replace("{sku}", "abc123")
    head, get = (stocked(method, address, Accept=accept) for method in ("HEAD", "GET"))
    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Type", "Content-Length"):
        assert head.headers[name] == get.headers[name]


@every_address
def test_what_is_read_takes_nothing(refusing: Server, path: str) -> None:
    address = path.replace("{sku}", "abc123")
    for method in ("POST", "PATCH", "OPTIONS", "BREW"):
        answer = refusing(method, address, "{}", Content_Type="application/json")
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
        assert method in answer.text
    assert refusing("GET", address, Accept="image/png").status == 406


# Forms


@every_command
@pytest.mark.parametrize("missing", ["field", "cookie"])
def test_form_without_its_token(refusing: Server, command: Command, missing: str) -> None:
    token = "a" * 32
    form = {**command.example, "command_id": str(uuid4())}
    form |= {} if missing == "field" else {"csrfmiddlewaretoken": token}
    cookie = {} if missing == "cookie" else {"Cookie": f"csrftoken={token}"}
    body = urlencode(form)
    answer = refusing("POST", command.address(), body, Content_Type=FORM, **cookie)
    assert answer.status == 403


@every_command
def test_form_with_its_token(stocked: Server, command: Command) -> None:
    token, key = "a" * 32, str(uuid4())
    form = {**command.example, "command_id": key, "csrfmiddlewaretoken": token}
    headers = {"Content_Type": FORM, "Cookie": f"csrftoken={token}", "Accept": "text/html"}
    answers = [
        stocked("POST", command.address(), urlencode(form | {"next": "/x"}), **headers)
        for _ in range(2)
    ]
    assert [(one.status, one.headers["Location"]) for one in answers] == [(303, "/x")] * 2
    assert [str(event.causation_id) for event in read_all()].count(key) == 1
    wrong = dict.fromkeys(command.required, "five")
    refused = stocked("POST", command.address(), urlencode(form | wrong), **headers)
    assert refused.status == 422
    assert '<p role="alert"' in refused.text


@pytest.mark.parametrize("command", OF_QUANTITIES, ids=lambda command: command.path)
@pytest.mark.parametrize("typed", ["250000", "036000291452", "00012345", "9780306406157"])
def test_quantity_that_a_scanner_may_have_typed(
    refusing: Server, command: Command, typed: str
) -> None:
    token = "a" * 32
    headers = {"Content_Type": FORM, "Cookie": f"csrftoken={token}", "Accept": "text/html"}
    form = {**command.example, "quantity": typed, "csrfmiddlewaretoken": token}
    answer = refusing("POST", command.address(), urlencode(form), **headers)
    assert answer.status == 422
    assert f'value="{typed}"' in answer.text
