"""What the application answers over HTTP: the contract with the original, row by row, and where it
is stricter. A refused request must leave the log and every read model as they were."""

import json
import socket
from collections.abc import Callable, Iterator
from http.client import HTTPResponse
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from cqrs_example import eventstore
from cqrs_example.messaging import Context, execute
from warehouse.events import ProductQuantityIncreased, product_stream
from warehouse.ship_product_quantity.command import ShipProductQuantity, handle

from .conftest import Answer, Server

LIST = "/warehouse/products"
TODO = "/warehouse/low_product_quantity_notifications"
PRODUCT = f"{LIST}/abc123"
INCREASE, SHIP = f"{PRODUCT}/increase_quantity", f"{PRODUCT}/ship_quantity"
NOT_CACHED = "max-age=0, private, must-revalidate"
KEY = "4d7e9c52-0c5e-4a8c-9a53-6d1f2b7c8e90"
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
GOOD = '{"quantity": 5}'

commands = pytest.mark.parametrize("path", [INCREASE, SHIP], ids=["increase", "ship"])
refused = pytest.mark.usefixtures("nothing_done")


@pytest.fixture
def everything(rows) -> Callable[[], Any]:
    """What a command could change: the log and the read models."""
    names = rows(
        "SELECT table_name FROM information_schema.tables"
        " WHERE table_name ~ '^(eventstore|warehouse)_' ORDER BY 1"
    )
    return lambda: [rows(f"SELECT * FROM {name} ORDER BY 1") for (name,) in names]


@pytest.fixture
def nothing_done(server, everything) -> Iterator[None]:
    """10 of abc123 are there before the test, and nothing has changed after it."""
    server.increase("abc123", 10)
    before = everything()
    yield
    assert everything() == before


@pytest.fixture
def log(rows) -> Callable[[], list[str]]:
    """What has happened, in the order of the log."""
    return lambda: [str(event) for event in eventstore.read_all()]


def raw(server: Server, request: bytes) -> Answer:
    """Bytes as they are: what a well-behaved client would not send."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(request)
        response = HTTPResponse(client)
        response.begin()
        return Answer(response)


def stock(server: Server) -> dict[str, int]:
    return {row["sku"]: row["quantity"] for row in json.loads(server("GET", LIST).body)}


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
    assert (answer.status, answer.headers["Content-Type"]) == (
        200,
        "application/json; charset=utf-8",
    )
    assert answer.text == '[{"quantity":30,"sku":"abc123"},{"quantity":20,"sku":"b"}]'


@pytest.mark.parametrize(
    "accept", ["text/html", "text/*", FIREFOX, "application/json;q=0.1, text/html"]
)
@pytest.mark.parametrize("path", [LIST, PRODUCT, TODO])
def test_page_accept_html(server, path, accept):
    answer = server("GET", path, Accept=accept)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<!doctype html>")


@refused
@pytest.mark.parametrize(
    "accept",
    [
        "text/plain",
        "image/*",
        "application/xml",
        "application/vnd.api+json",
        "application/json;q=0",
        "*/*;q=0",
        "nonsense",
        ",",
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", LIST), ("POST", INCREASE), ("POST", SHIP)])
def test_accept_neither(server, method, path, accept):
    answer = server(method, path, GOOD, Accept=accept, Content_Type="application/json")
    assert (answer.status, answer.text) == (406, "Not Acceptable")


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
@pytest.mark.parametrize("path", [LIST, PRODUCT, TODO])
def test_head(server, path, accept):
    server.increase("abc123", 10)
    head, get = (server(method, path, Accept=accept) for method in ("HEAD", "GET"))
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(get.body))
    assert head.headers["Content-Type"] == get.headers["Content-Type"]


def test_list_stays_ordered_by_code_point_and_keeps_empty_products(server):
    for sku in ["b", "a", "B", "é", "10", "9", "a b"]:
        server.increase(quote(sku), 1)
    server.ship("B", 1)
    server.increase("a", 1)
    assert list(stock(server)) == ["10", "9", "B", "a", "a b", "b", "é"]
    assert stock(server)["B"] == 0


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
    answer = server("GET", path)
    assert answer.status == status
    assert answer.headers["Location"] == told if status == 302 else answer.text == told


@refused
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/warehouse",
        f"{LIST}/",
        f"{PRODUCT}/",
        f"{PRODUCT}/burn",
        f"{LIST}//ship_quantity",
    ],
)
def test_path_unknown(server, method, path):
    assert server(method, path, GOOD, Content_Type="application/json").status == 404


@refused
@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        (path, method, "POST")
        for path in (INCREASE, SHIP)
        for method in ("GET", "HEAD", "PUT", "DELETE")
    ]
    + [
        (path, method, "GET, HEAD")
        for path in (LIST, PRODUCT, TODO)
        for method in ("POST", "PATCH", "OPTIONS", "BREW")
    ],
)
def test_method_wrong(server, path, method, allowed):
    answer = server(method, path, GOOD, Content_Type="application/json")
    assert (answer.status, answer.headers["Allow"]) == (405, allowed)
    assert method == "HEAD" or method in answer.text


# Quantities


@commands
@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"'],
)
@pytest.mark.parametrize(
    "accept",
    [{}, {"Accept": "*/*"}, {"Accept": "application/json"}, {"Accept": "text/html"}],
    ids=str,
)
def test_command_good(server, path, content_type, accept):
    server.increase("abc123", 10)
    answer = server("POST", path, GOOD, **accept, Content_Type=content_type)
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, b"", None)
    assert stock(server) == {"abc123": 15 if path == INCREASE else 5}


@pytest.mark.parametrize(
    "body",
    [
        '{"quantity": 5, "reason": {"why": [1, null]}}',
        '{"sku": "other", "quantity": 5}',
        ' \n{"qu\\u0061ntity":\t5}\r\n',
        '{"quantity": 5, "note": "\\ud83d\\ude00 😀"}',
    ],
)
def test_command_more_keys_are_ignored(server, body):
    assert server.post(f"{INCREASE}?sku=query&quantity=7", body.encode()).status == 200
    assert stock(server) == {"abc123": 5}


@pytest.mark.parametrize("quantity", [1, 2**31 - 1])
def test_quantity_at_the_limits(server, quantity):
    assert server.increase("abc123", quantity).status == 200
    assert server.ship("abc123", quantity).status == 200
    assert stock(server) == {"abc123": 0}


BAD_QUANTITIES = [
    *["0", "-0", "-1", "-5", '"5"', '""', "5.0", "1e2", "0.5", "1e400", "true", "false", "null"],
    *["[]", "[5]", "{}", '{"quantity": 5}', '"\\u0000"', "2147483648", "4294967301"],
    *["9223372036854775807", "9223372036854775808", "18446744073709551621", "9" * 4000],
]
BAD_BODIES = [
    *["{}", '{"Quantity": 5}', '{"quantity ": 5}', "[]", '[{"quantity": 5}]', "5", '"quantity"'],
    *["null", "true", " ", "{", '{"quantity": 5', '{"quantity": 5}}', '{"quantity": 5},'],
    *['{"quantity": 5,}', "{'quantity': 5}", "{quantity: 5}", '{"quantity": 5} {"quantity": 5}'],
    *['{"quantity": 007}', '{"quantity": +5}', '{"quantity": 0x5}', '{"quantity": 5_0}'],
    *['{"quantity": .5}', '{"quantity": 5.}', '{"quantity": ５}', '{"quantity": NaN}'],
    *['{"quantity": Infinity}', '{"quantity": -Infinity}', '{"quantity": 5, "note": NaN}'],
    *['{"quantity": 5, "note": "\\ud800"}', '{"quantity": 5, "\\udc00": 1}'],
    *['{"quantity": 5, "quantity": 5}', '{"quantity": 5, "quant\\u0069ty": 6}'],
    *['{"quantity": 5, "note": {"a": 1, "a": 1}}', '{"quantity": 5, "note": "\n"}'],
    *["quantity=5", "<quantity>5</quantity>", '{"quantity": 5} // five', "\0", GOOD + "\0"],
]
BAD_BYTES = [
    pytest.param(b"", id="empty"),
    pytest.param(b"\xef\xbb\xbf" + GOOD.encode(), id="byte order mark"),
    pytest.param(GOOD.encode("utf-16"), id="UTF-16"),
    pytest.param(GOOD.encode("utf-16-le"), id="UTF-16-LE"),
    pytest.param(GOOD.encode("utf-32"), id="UTF-32"),
    pytest.param(b'{"quantity": 5, "note": "\xff"}', id="invalid UTF-8"),
    pytest.param(b'{"quantity": 5, "note": "\xe9"}', id="latin-1"),
    pytest.param(b'{"quantity": 5, "note": "\xed\xa0\x80"}', id="surrogate in UTF-8"),
    pytest.param(b'{"quantity": 5, "note": "\xc0\xaf"}', id="overlong UTF-8"),
    pytest.param(b'{"quantity": %s}' % (b"9" * 5000), id="5,000 digits"),
    pytest.param(b'{"quantity": 5, "note": -%s}' % (b"9" * 5000), id="5,000 digits elsewhere"),
    pytest.param(b"[" * 8000 + b"]" * 8000, id="deep lists"),
    pytest.param(b'{"a":' * 2000 + b"1" + b"}" * 2000, id="deep objects"),
    pytest.param(b'{"quantity": ' + b"[" * 8000, id="deep and broken"),
]


@refused
@commands
@pytest.mark.parametrize(
    "body",
    [pytest.param(f'{{"quantity": {one}}}'.encode(), id=f"{one:.24}") for one in BAD_QUANTITIES]
    + [pytest.param(one.encode(), id=ascii(one)) for one in BAD_BODIES]
    + BAD_BYTES,
)
def test_command_bad_parameters(server, path, body):
    def send(**accept: str) -> Answer:
        return server("POST", path, body, **accept, Content_Type="application/json")

    as_from_the_original, program, person = send(), send(Accept="*/*"), send(Accept="text/html")
    assert (as_from_the_original.status, as_from_the_original.body) == (400, b"")
    assert (program.status, program.headers["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert program.text.startswith(("The quantity must be ", "The body must be JSON"[:16]))
    assert program.text.endswith(".")
    assert "\n" not in program.text
    assert len(program.text) < 200
    assert (person.status, person.headers["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert "must be" in person.text


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
        ("[]", 'The body must be a JSON object such as {"quantity": 5}.'),
    ],
)
def test_command_bad_parameters_sentence(server, body, sentence):
    assert server.post(INCREASE, body, Accept="application/json").text == sentence


@refused
@pytest.mark.parametrize("headers", [{}, {"Accept": "*/*"}, {"Accept": "text/html"}], ids=str)
@pytest.mark.parametrize(
    ("sku", "quantity"), [("abc123", 11), ("abc123", 2**31 - 1), ("unknown", 1)]
)
def test_ship_quantity_insufficient(server, sku, quantity, headers):
    answer = server.ship(sku, quantity, **headers)
    assert answer.status == 400
    if "html" in headers.get("Accept", ""):
        assert "<p>Insufficient quantity on hand.</p>" in answer.text
    else:
        assert answer.text == "Insufficient quantity on hand."


@pytest.mark.django_db(transaction=True)
def test_increase_sum_at_the_limit(server):
    with transaction.atomic():
        [product] = eventstore.lock(product_stream("abc123"))
        eventstore.append(product, [ProductQuantityIncreased("abc123", 1, 2**63 - 6)])
    answer = server.increase("abc123", 6)
    assert answer.status == 400
    assert answer.text == "There cannot be more than 9,223,372,036,854,775,807 on hand."
    assert server.increase("abc123", 5).status == 200
    assert stock(server) == {"abc123": 2**63 - 1}
    assert server.increase("abc123", 1).status == 400
    assert server.ship("abc123", 2**31 - 1).status == 200
    assert stock(server) == {"abc123": 2**63 - 2**31}


# Bodies


@refused
@commands
@pytest.mark.parametrize(
    "content_type",
    [
        *[None, "text/plain", "text/html", "application/xml", "application/octet-stream", "json"],
        *["application/vnd.api+json", "application/problem+json", "text/json", "application/jsonp"],
        *["application/json; charset=utf-16", "application/json; charset=latin-1"],
        *["application/json, text/plain", "text/plain; application/json", "*/*"],
        *["application/x-www-form-urlencoded; charset=utf-16", "multipart/mixed; boundary=x"],
    ],
)
def test_content_type_wrong(server, path, content_type):
    headers = {"Content_Type": content_type} if content_type else {}
    answer = server("POST", path, GOOD.encode(), **headers)
    assert answer.status == 415
    assert answer.text == "The Content-Type must be application/json, in UTF-8."


@refused
@commands
def test_body_missing(server, path):
    answer = server("POST", path)
    assert (answer.status, answer.body) == (400, b"")
    answer = server("POST", path, Accept="*/*")
    assert answer.text == 'The body must be a JSON object such as {"quantity": 5}, but is empty.'
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    assert raw(server, f"{head}Content-Type: application/json\r\n\r\n".encode()).status == 400


@refused
@commands
@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip", "nonsense"])
def test_content_encoding(server, path, encoding):
    answer = server.post(path, GOOD, Content_Encoding=encoding)
    assert answer.status == 415
    assert "Content-Encoding" in answer.text


def test_content_encoding_identity(server):
    assert server.post(INCREASE, GOOD, Content_Encoding="identity").status == 200


@refused
@commands
@pytest.mark.parametrize(
    "content_type", ["application/json", "application/x-www-form-urlencoded", "text/plain"]
)
@pytest.mark.parametrize(
    "chunk", [b"0\r\n\r\n", b'f\r\n{"quantity": 5}\r\n0\r\n\r\n'], ids=["empty", "good"]
)
def test_body_chunked(server, path, content_type, chunk):
    request = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    answer = raw(server, request.encode() + chunk)
    assert (answer.status, answer.text) == (
        411,
        "Send a Content-Length: chunked bodies are not read.",
    )


@refused
@commands
@pytest.mark.parametrize(
    "header",
    [
        "Content-Length: 15\r\nContent-Length: 2",
        "Content-Length: -1",
        "Content-Length: x",
        "Transfer-Encoding: gzip",
        "Content-Length: 15\r\nTransfer-Encoding: chunked",
    ],
)
def test_body_length_unclear(server, path, header):
    request = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{header}\r\n\r\n{GOOD}"
    assert raw(server, request.encode()).status in (400, 411, 501)


@refused
@commands
@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
)
@pytest.mark.parametrize("size", [16 * 1024 + 1, 100_000])
def test_body_too_large(server, path, content_type, size):
    answer = server("POST", path, GOOD.ljust(size), Content_Type=content_type)
    assert (answer.status, answer.text) == (413, "The body may have 16,384 bytes at most.")


def test_body_as_large_as_allowed(server):
    assert server.post(INCREASE, GOOD.ljust(16 * 1024)).status == 200


@refused
@commands
@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x"],
)
@pytest.mark.parametrize(
    "body",
    ["", "quantity=5", "quantity=%ff&=&&%00", "&".join(["a="] * 1500)],
    ids=["empty", "good", "odd", "many fields"],
)
def test_form_without_token(server, path, content_type, body):
    assert server("POST", path, body, Content_Type=content_type).status == 403


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
    assert stock(server) == {sku: 5}
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
    assert stock(server) == {one: 2}
    assert json.loads(server("GET", f"{LIST}/{quote(other)}").body)["version"] == 3


def test_sku_case_and_look_alikes_are_products_of_their_own(server):
    for sku in ["a", "A", "\u0430", "\uff41"]:
        server.increase(quote(sku), 1)
    assert len(stock(server)) == 4


UNSEEN = "The SKU has a character that cannot be seen"
SPACE = "The SKU begins or ends with a space"
SIGN = 'The SKU has a "/" or a "%", or is "." or ".."'


@refused
@pytest.mark.parametrize("accept", [None, "application/json", "text/html"])
@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("a" * 65, "The SKU has 65 characters"),
        (quote("🚚" * 65), "The SKU has 65 characters"),
        (quote("\u0958" * 33), "The SKU has 66 characters"),  # normalised, each is two
        ("a%2Fb", SIGN),
        ("a/b", SIGN),
        ("%2F", SIGN),
        ("a%25b", SIGN),
        ("%252F", SIGN),
        ("%ff", SIGN),
        ("%ED%A0%80", SIGN),
        (".", SIGN),
        ("..", SIGN),
        ("%2E%2E", SIGN),
        ("%20", SPACE),
        ("%20a", SPACE),
        ("a%20", SPACE),
        ("a%C2%A0", SPACE),
        ("%E3%80%80a", SPACE),
        ("%00", UNSEEN),
        ("a%00b", UNSEEN),
        ("a%0Ab", UNSEEN),
        ("a%0D%0Ab", UNSEEN),
        ("a%09b", UNSEEN),
        ("a%7Fb", UNSEEN),
        ("a%C2%85b", UNSEEN),
        (quote("a\u200bb"), UNSEEN),
        (quote("a\u202eb"), UNSEEN),
        (quote("\ufeffa"), UNSEEN),
        (quote("a\u00adb"), UNSEEN),
        (quote("a\u2028b"), UNSEEN),
        (quote("a\ue000b"), UNSEEN),
        (quote("a\u0378b"), UNSEEN),
        (quote("a\uffffb"), UNSEEN),
    ],
)
@pytest.mark.parametrize("command", ["increase_quantity", "ship_quantity"])
def test_sku_bad(server, command, path, reason, accept):
    headers = {"Accept": accept} if accept else {}
    answer = server.post(f"{LIST}/{path}/{command}", GOOD, **headers)
    assert answer.status == 400
    if accept == "application/json":
        assert answer.text == f"{reason}: it has 1 to 64 visible characters."
    elif accept is None:
        assert answer.body == b""


@refused
@pytest.mark.parametrize(
    "path", ["%ff", "%00", "a%0Ab", "..", "%20a", "a" * 65, "%E2%80%8B", "a%25"]
)
def test_sku_bad_in_the_address_of_a_product(server, path):
    answer = server("GET", f"{LIST}/{path}", Accept="application/json")
    assert answer.status == 400
    assert answer.text.startswith("The SKU ")


@refused
def test_sku_of_thousands_of_characters(server):
    assert server.increase("a" * 5000, 5).status == 414


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


@refused
@commands
@pytest.mark.parametrize(
    "key",
    [
        "",
        '""',
        "1",
        "nonsense",
        KEY[:-1],
        KEY + "0",
        KEY.replace("-", ""),
        f"{{{KEY}}}",
        f"urn:uuid:{KEY}",
        f'"{KEY}',
        f"'{KEY}'",
        f"{KEY}, {KEY}",
    ],
)
def test_idempotency_key_invalid(server, path, key):
    answer = server.post(path, GOOD, Idempotency_Key=key, Accept="*/*")
    assert answer.status == 400
    assert answer.text.startswith("The Idempotency-Key must be a UUID, such as ")
    assert server.post(path, GOOD, Idempotency_Key=key).body == b""


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


def test_idempotency_key_of_another_actor(server, everything):
    server.increase("abc123", 10)
    context = Context(command_id=UUID(KEY), actor="clerk")
    execute(handle, ShipProductQuantity("abc123", 5), context)
    before = everything()
    assert server.ship("abc123", 5, Idempotency_Key=KEY).status == 422
    assert everything() == before


def test_idempotency_key_of_a_refused_command_is_decided_anew(server, log):
    assert server.ship("abc123", 5, Idempotency_Key=KEY).status == 400
    server.increase("abc123", 10)
    assert server.ship("abc123", 5, Idempotency_Key=KEY).status == 200
    assert server.ship("abc123", 5, Idempotency_Key=KEY).status == 200
    assert server.ship("abc123", 6, Idempotency_Key=KEY).status == 422
    assert stock(server) == {"abc123": 5}
