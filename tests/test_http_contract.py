"""What the application answers over HTTP: the contract with the original, row by row, and what is
ours. What it refuses is in test_http_refusals.py."""

import json
import socket
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from cqrs_example import eventstore
from warehouse.events import ProductQuantityIncreased, product_stream

pytestmark = pytest.mark.slices(
    "increase_product_quantity",
    "ship_product_quantity",
    "products",
    "product_history",
    "low_product_quantity_notification",
)

LIST = "/warehouse/products"
TODO = "/warehouse/low_product_quantity_notifications"
PRODUCT = f"{LIST}/abc123"
INCREASE, SHIP = f"{PRODUCT}/increase_quantity", f"{PRODUCT}/ship_quantity"
NOT_CACHED = "max-age=0, private, must-revalidate"
KEY = "4d7e9c52-0c5e-4a8c-9a53-6d1f2b7c8e90"
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
GOOD = '{"quantity": 5}'

commands = pytest.mark.parametrize("path", [INCREASE, SHIP], ids=["increase", "ship"])


# Accept


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Accept": "*/*"},
        {"Accept": "application/*"},
        {"Accept": "application/json"},
        {"Accept": "application/json, text/html;q=0.9"},
        {"Accept": "text/plain, application/json;q=0.1"},
    ],
    ids=str,
)
def test_list_accept_json(server, headers):
    assert server("GET", LIST, **headers).text == "[]"
    server.increase("b", 20)
    server.increase("abc123", 30)
    answer = server("GET", LIST, **headers)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.text == '[{"quantity":30,"sku":"abc123"},{"quantity":20,"sku":"b"}]'


@pytest.mark.parametrize(
    "accept", ["text/html", "text/*", FIREFOX, "application/json;q=0.1, text/html"]
)
def test_pages_accept_html(server, accept):
    for path in (LIST, PRODUCT, TODO):
        answer = server("GET", path, Accept=accept)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert answer.text.startswith("<!doctype html>")


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
@pytest.mark.parametrize("path", [LIST, PRODUCT, TODO])
def test_head(server, path, accept):
    server.increase("abc123", 10)
    head, get = (server(method, path, Accept=accept) for method in ("HEAD", "GET"))
    assert head.status == 200
    assert head.headers["Content-Length"] == str(len(get.body))
    assert head.headers["Content-Type"] == get.headers["Content-Type"]


@pytest.mark.parametrize("path", [LIST, "/nothing", SHIP])
def test_head_has_no_body_on_the_wire(server, path):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(
            f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        )
        assert client.makefile("rb").read().endswith(b"\r\n\r\n")


def test_list_stays_ordered_by_code_point_and_keeps_empty_products(server):
    for sku in ["b", "a", "B", "é", "10", "9", "a b"]:
        server.increase(quote(sku), 1)
    server.ship("B", 1)
    server.increase("a", 1)
    assert list(server.stock()) == ["10", "9", "B", "a", "a b", "b", "é"]
    assert server.stock()["B"] == 0


# The other addresses


def test_product(server):
    server.increase("abc123", 10)
    server.ship("abc123", 3)
    answer = server("GET", PRODUCT)
    assert (answer.status, answer.text) == (200, '{"sku":"abc123","quantity":7,"version":2}')


def test_product_unknown(server):
    answer = server("GET", PRODUCT)
    assert answer.status == 404
    assert "There is no product abc123" in answer.text
    assert f'action="{INCREASE}"' in server("GET", PRODUCT, Accept="text/html").text


def test_low_product_quantity_notifications(server):
    server.increase("abc123", 10)
    server.ship("abc123", 7)
    [item] = json.loads(server("GET", TODO).body)
    assert item["sku"] == "abc123"
    assert item["quantity"] == 3
    assert item["requested_at"] <= item["notified_at"]
    assert ">abc123</a>" in server("GET", TODO, Accept="text/html").text


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/", 302, LIST),
        ("/healthz", 200, "ok"),
        ("/readyz", 200, "ok"),
        ("/admin/", 302, "/admin/login/?next=/admin/"),
    ],
)
def test_address(server, path, status, told):
    answer = server("GET", path, Accept="text/html")
    assert answer.status == status
    assert answer.headers["Location"] == told if status == 302 else answer.text == told


# Quantities


@commands
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Accept": "*/*"},
        {"Accept": "application/json"},
        {"Accept": "text/html"},
        {"Content_Type": "Application/JSON; charset=UTF-8"},
        {"Content_Type": 'application/json;charset="utf-8"'},
        {"Content_Encoding": "identity"},
    ],
    ids=str,
)
def test_command_good(server, path, headers):
    server.increase("abc123", 10)
    answer = server.post(path, GOOD, **headers)
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, b"", None)
    assert server.stock() == {"abc123": 15 if path == INCREASE else 5}


@pytest.mark.parametrize(
    "body",
    [
        '{"sku": "other", "quantity": 5}',
        ' \n{"qu\\u0061ntity":\t5}\r\n',
    ],
)
def test_command_only_the_address_names_the_product(server, body):
    assert server.post(f"{INCREASE}?sku=query&quantity=7", body.encode()).status == 200
    assert server.stock() == {"abc123": 5}


@pytest.mark.parametrize(
    "body",
    [
        '{"quantity": 5, "reason": {"why": [1, null]}}',
        '{"quantity": 5, "note": "\\ud83d\\ude00 😀"}',
    ],
)
def test_command_unknown_keys_are_refused(server, body):
    """The original ignores them. But a misspelt field must not be missing in the log for ever."""
    assert server.post(INCREASE, body.encode()).status == 400
    assert server.stock() == {}


@pytest.mark.parametrize("quantity", [1, 2**31 - 1])
def test_quantity_at_the_limits(server, quantity):
    assert server.increase("abc123", quantity).status == 200
    assert server.ship("abc123", quantity).status == 200
    assert server.stock() == {"abc123": 0}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("{}", "The quantity must be a whole number from 1 to 2,147,483,647, but is missing."),
        (
            '{"quantity": "5"}',
            'The quantity must be a whole number from 1 to 2,147,483,647, but is "5".',
        ),
        (
            '{"quantity": 0}',
            "The quantity must be a whole number from 1 to 2,147,483,647, but is 0.",
        ),
        (
            '{"quantity": false}',
            "The quantity must be a whole number from 1 to 2,147,483,647, but is false.",
        ),
        ("[]", "The body must be a JSON object."),
    ],
)
def test_command_bad_parameters_sentence(server, body, sentence):
    assert server.post(INCREASE, body, Accept="application/json").text == sentence


def test_increase_sum_at_the_limit(server):
    with transaction.atomic():
        [product] = eventstore.lock(product_stream("abc123"))
        eventstore.append(product, [ProductQuantityIncreased("abc123", 1, 2**63 - 6)])
    answer = server.increase("abc123", 6)
    assert answer.status == 400
    assert answer.text == "There cannot be more than 9,223,372,036,854,775,807 on hand."
    assert server.increase("abc123", 5).status == 200
    assert server.stock() == {"abc123": 2**63 - 1}
    assert server.increase("abc123", 1).status == 400
    assert server.ship("abc123", 2**31 - 1).status == 200
    assert server.stock() == {"abc123": 2**63 - 2**31}


# Bodies


def test_body_as_large_as_allowed(server):
    assert server.post(INCREASE, GOOD.ljust(16 * 1024)).status == 200


# SKUs


@pytest.mark.parametrize(
    "sku",
    [
        "a",
        "abc 123",
        "a+b",
        "a&b=c?d#e;f",
        "🚚",
        "кириллица",
        "漢字",
        "é" * 64,
        "🚚" * 64,
        "...",
        "~",
        "a\\b",
        "<script>",
        "'\"",
        "\u00c5",
        "ẛ̣",
    ],
)
def test_sku_good(server, sku):
    assert server.increase(quote(sku), 5).status == 200
    assert server.stock() == {sku: 5}
    assert json.loads(server("GET", f"{LIST}/{quote(sku)}").body)["sku"] == sku
    assert server("GET", f"{LIST}/{quote(sku)}", Accept="text/html").status == 200


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("caf\u00e9", "cafe\u0301"),
        ("\u00c5", "\u212b"),  # letter with ring, and the sign for ångström
        ("\uac00", "\u1100\u1161"),
        ("q\u0323\u0307", "q\u0307\u0323"),
        ("\u00e9" * 64, "e\u0301" * 64),  # as long as allowed, once it is normalised
    ],
    ids=ascii,
)
def test_sku_spelled_in_two_ways_is_one_product(server, one, other):
    server.increase(quote(one), 1)
    server.increase(quote(other), 2)
    server.ship(quote(other), 1)
    assert server.stock() == {one: 2}
    assert json.loads(server("GET", f"{LIST}/{quote(other)}").body)["version"] == 3


def test_sku_case_and_look_alikes_are_products_of_their_own(server):
    for sku in ["a", "A", "\u0430", "\uff41"]:
        server.increase(quote(sku), 1)
    assert len(server.stock()) == 4


# Headers of answers


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("GET", LIST, None, {}, 200),
        ("HEAD", LIST, None, {}, 200),
        ("GET", LIST, None, {"Accept": "text/html"}, 200),
        ("GET", PRODUCT, None, {}, 200),
        ("GET", f"{LIST}/unknown", None, {}, 404),
        ("GET", TODO, None, {}, 200),
        ("POST", INCREASE, GOOD, {}, 200),
        ("POST", SHIP, GOOD, {}, 200),
        ("POST", SHIP, '{"quantity": 11}', {}, 400),
        ("POST", INCREASE, "{}", {}, 400),
        ("POST", INCREASE, "{}", {"Accept": "text/html"}, 400),
        ("PUT", INCREASE, GOOD, {}, 405),
        ("GET", LIST, None, {"Accept": "image/png"}, 406),
        ("POST", INCREASE, GOOD.ljust(17_000), {}, 413),
        ("POST", INCREASE, GOOD, {"Content_Encoding": "gzip"}, 415),
        ("POST", INCREASE, GOOD, {"Content_Type": "application/x-www-form-urlencoded"}, 403),
    ],
)
def test_answer_depends_on_accept_and_is_not_cached(server, method, path, body, headers, status):
    server.increase("abc123", 10)
    answer = server(method, path, body, **{"Content_Type": "application/json", **headers})
    assert answer.status == status
    assert "Accept" in answer.headers["Vary"].split(", ")
    assert answer.headers["Cache-Control"] == NOT_CACHED


# Ids


@pytest.mark.parametrize("correlation", [KEY, KEY.upper()])
def test_correlation_id_given(server, rows, correlation):
    server.increase("abc123", 5, X_Correlation_ID=correlation)
    server.ship("abc123", 1, X_Correlation_ID=correlation, Idempotency_Key=str(uuid4()))
    found = rows("SELECT DISTINCT correlation_id FROM eventstore_event")
    assert found == [(UUID(KEY),)]


@pytest.mark.parametrize("correlation", ["", "nonsense", KEY[:-1], f'"{KEY}"', f"{KEY} {KEY}"])
def test_correlation_id_without_a_uuid_is_the_commands_id(server, rows, correlation):
    assert server.increase("abc123", 5, X_Correlation_ID=correlation).status == 200
    [(correlation_id, command_id)] = rows(
        "SELECT correlation_id, metadata->'command'->>'id' FROM eventstore_event"
    )
    assert str(correlation_id) == command_id


@pytest.mark.parametrize("again", [KEY, f'"{KEY}"', KEY.upper(), f'"{KEY.upper()}"'])
def test_idempotency_key_again(server, log, again):
    first = server.increase("abc123", 5, Idempotency_Key=KEY)
    second = server.increase("abc123", 5, Idempotency_Key=again)
    assert [(one.status, one.body) for one in (first, second)] == [(200, b""), (200, b"")]
    assert log() == ["Received 5 of abc123, 5 on hand"]


def test_idempotency_key_again_after_other_commands(server, log):
    server.increase("abc123", 5, Idempotency_Key=KEY)
    server.increase("abc123", 7)
    assert server.increase("abc123", 5, Idempotency_Key=KEY).status == 200
    assert len(log()) == 2


def test_idempotency_key_again_after_shipping_everything(server, log):
    server.increase("abc123", 5)
    answers = [server.ship("abc123", 5, Idempotency_Key=KEY) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert log() == [
        "Received 5 of abc123, 5 on hand",
        "Shipped 5 of abc123, 0 left",
        "Notified that abc123 is low, 0 left",
    ]


def test_idempotency_key_again_under_another_spelling_of_the_sku(server, log):
    server.increase(quote("caf\u00e9"), 5, Idempotency_Key=KEY)
    assert server.increase(quote("cafe\u0301"), 5, Idempotency_Key=KEY).status == 200
    assert len(log()) == 1


@pytest.mark.parametrize(
    ("command", "sku", "quantity"),
    [
        ("increase", "abc123", 6),
        ("increase", "other", 5),
        ("ship", "abc123", 5),
        ("ship", "abc123", 99),
    ],
)
def test_idempotency_key_of_another_command(server, everything, command, sku, quantity):
    server.increase("abc123", 10)
    server.increase("abc123", 5, Idempotency_Key=KEY)
    before = everything()
    answer = getattr(server, command)(sku, quantity, Idempotency_Key=KEY)
    assert answer.status == 422
    assert f"The command id {KEY} belongs to another command" in answer.text
    assert everything() == before


def test_idempotency_key_of_a_refused_command_is_decided_anew(server, log):
    assert server.ship("abc123", 5, Idempotency_Key=KEY).status == 400
    server.increase("abc123", 10)
    assert server.ship("abc123", 5, Idempotency_Key=KEY).status == 200
    assert server.ship("abc123", 5, Idempotency_Key=KEY).status == 200
    assert server.ship("abc123", 6, Idempotency_Key=KEY).status == 422
    assert server.stock() == {"abc123": 5}
