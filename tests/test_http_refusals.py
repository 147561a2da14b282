"""Requests that are refused, over HTTP: each with its answer, and none with an effect. That each
command of the warehouse refuses them is in warehouse/tests/test_over_http.py."""

from urllib.parse import quote

import pytest

from .fixtures import empty_all_tables
from .serving import Answer, Server, raw

LIST = "/accounts"
ACCOUNT = f"{LIST}/abc123"
LOW = "/low_balances"
DEPOSIT, WITHDRAW = f"{ACCOUNT}/deposit", f"{ACCOUNT}/withdraw"
KEY = "4d7e9c52-0c5e-4a8c-9a53-6d1f2b7c8e90"
GOOD = '{"amount": 5}'
FORM = "application/x-www-form-urlencoded"

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("bank"),
]
# What is read before any view has a say is tried with one command in all its forms.
both_commands = pytest.mark.parametrize("path", [DEPOSIT, WITHDRAW])


@pytest.fixture(scope="module")
def _funded(bank_server, django_db_blocker):
    """10 of abc123 are there, for all tests: as none changes anything, none needs an empty log."""
    with django_db_blocker.unblock():
        bank_server.deposit("abc123", 10)
        yield bank_server
        empty_all_tables()


@pytest.fixture
def server(_funded, db, everything):
    """Fails a test that had any effect."""
    before = everything()
    yield _funded
    assert everything() == before


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
@pytest.mark.parametrize(("method", "path"), [("GET", LIST), ("POST", DEPOSIT), ("POST", WITHDRAW)])
def test_accept_neither(server, method, path, accept):
    answer = server(method, path, GOOD, Accept=accept, Content_Type="application/json")
    assert (answer.status, answer.text) == (406, "Not Acceptable")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/warehouse",
        f"{ACCOUNT}/burn",
        f"{LIST}//withdraw",
    ],
)
def test_path_unknown(server, method, path):
    assert server(method, path, GOOD, Content_Type="application/json").status == 404


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        (path, method, "POST")
        for path in (DEPOSIT, WITHDRAW)
        for method in ("GET", "HEAD", "PUT", "DELETE")
    ]
    + [
        (path, method, "GET, HEAD")
        for path in (LIST, ACCOUNT, LOW)
        for method in ("POST", "PATCH", "OPTIONS", "BREW")
    ],
)
def test_method_wrong(server, path, method, allowed):
    answer = server(method, path, GOOD, Content_Type="application/json")
    assert (answer.status, answer.headers["Allow"]) == (405, allowed)
    assert method == "HEAD" or method in answer.text


BAD_AMOUNTS = [
    *["0", "-0", "-1", "-5", '"5"', '""', "5.0", "1e2", "0.5", "1e400", "true", "false", "null"],
    *["[]", "[5]", "{}", '{"amount": 5}', '"\\u0000"', "2147483648", "4294967301"],
    *["9223372036854775807", "9223372036854775808", "18446744073709551621", "9" * 4000],
]
BAD_BODIES = [
    *["{}", '{"Amount": 5}', '{"amount ": 5}', "[]", '[{"amount": 5}]', "5", '"amount"'],
    *["null", "true", " ", "{", '{"amount": 5', '{"amount": 5}}', '{"amount": 5},'],
    *['{"amount": 5,}', "{'amount': 5}", "{amount: 5}", '{"amount": 5} {"amount": 5}'],
    *['{"amount": 007}', '{"amount": +5}', '{"amount": 0x5}', '{"amount": 5_0}'],
    *['{"amount": .5}', '{"amount": 5.}', '{"amount": \uff15}', '{"amount": NaN}'],
    *['{"amount": Infinity}', '{"amount": -Infinity}', '{"amount": 5, "note": NaN}'],
    *['{"amount": 5, "note": "\\ud800"}', '{"amount": 5, "\\udc00": 1}'],
    *['{"amount": 5, "amount": 5}', '{"amount": 5, "am\\u006funt": 6}'],
    *['{"amount": 5, "note": {"a": 1, "a": 1}}', '{"amount": 5, "note": "\n"}'],
    *["amount=5", "<amount>5</amount>", '{"amount": 5} // five', "\0", GOOD + "\0"],
]
BAD_BYTES = [
    pytest.param(b"", id="empty"),
    pytest.param(b"\xef\xbb\xbf" + GOOD.encode(), id="byte order mark"),
    pytest.param(GOOD.encode("utf-16"), id="UTF-16"),
    pytest.param(GOOD.encode("utf-16-le"), id="UTF-16-LE"),
    pytest.param(GOOD.encode("utf-32"), id="UTF-32"),
    pytest.param(b'{"amount": 5, "note": "\xff"}', id="invalid UTF-8"),
    pytest.param(b'{"amount": 5, "note": "\xe9"}', id="latin-1"),
    pytest.param(b'{"amount": 5, "note": "\xed\xa0\x80"}', id="surrogate in UTF-8"),
    pytest.param(b'{"amount": 5, "note": "\xc0\xaf"}', id="overlong UTF-8"),
    pytest.param(b'{"amount": %s}' % (b"9" * 5000), id="5,000 digits"),
    pytest.param(b'{"amount": 5, "note": -%s}' % (b"9" * 5000), id="5,000 digits elsewhere"),
    pytest.param(b"[" * 8000 + b"]" * 8000, id="deep lists"),
    pytest.param(b'{"a":' * 2000 + b"1" + b"}" * 2000, id="deep objects"),
    pytest.param(b'{"amount": ' + b"[" * 8000, id="deep and broken"),
]


@both_commands
def test_bad_amounts(server, path):
    for amount in BAD_AMOUNTS:
        assert_refused(server, path, f'{{"amount": {amount}}}'.encode())


@pytest.mark.parametrize(
    "body",
    [pytest.param(body.encode(), id=ascii(body)) for body in BAD_BODIES] + BAD_BYTES,
)
def test_bad_body(server, body):
    assert_refused(server, DEPOSIT, body)


def assert_refused(server: Server, path: str, body: bytes) -> None:
    """As the original answers, with a sentence for a program, and with a page for a person."""

    def send(**accept: str) -> Answer:
        return server("POST", path, body, **accept, Content_Type="application/json")

    as_from_the_original, program, person = send(), send(Accept="*/*"), send(Accept="text/html")
    assert (as_from_the_original.status, as_from_the_original.body) == (400, b""), body
    assert (program.status, program.headers["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert program.text.startswith(("The amount must be ", "The body must be "))
    assert program.text.endswith(".")
    assert "\n" not in program.text
    assert len(program.text) < 200
    assert (person.status, person.headers["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert "must be" in person.text


@pytest.mark.parametrize("headers", [{}, {"Accept": "*/*"}, {"Accept": "text/html"}], ids=str)
@pytest.mark.parametrize(
    ("account", "amount"), [("abc123", 11), ("abc123", 2**31 - 1), ("unknown", 1)]
)
def test_withdraw_insufficient(server, account, amount, headers):
    answer = server.withdraw(account, amount, **headers)
    assert answer.status == 400
    if "html" in headers.get("Accept", ""):
        assert "Insufficient funds.</p>" in answer.text
    else:
        assert answer.text == "Insufficient funds."


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
def test_content_type_wrong(server, content_type):
    headers = {"Content_Type": content_type} if content_type else {}
    answer = server("POST", DEPOSIT, GOOD.encode(), **headers)
    assert answer.status == 415
    assert answer.text == "The Content-Type must be application/json, in UTF-8."


@both_commands
def test_body_missing(server, path):
    answer = server("POST", path)
    assert (answer.status, answer.body) == (400, b"")
    answer = server("POST", path, Accept="*/*")
    assert answer.text == "The body must be a JSON object, but is empty."
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    assert raw(server, f"{head}Content-Type: application/json\r\n\r\n".encode()).status == 400


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip", "nonsense"])
def test_content_encoding(server, encoding):
    answer = server.post(DEPOSIT, GOOD, Content_Encoding=encoding)
    assert answer.status == 415
    assert "Content-Encoding" in answer.text


@pytest.mark.parametrize("content_type", ["application/json", FORM, "text/plain"])
@pytest.mark.parametrize(
    "chunk", [b"0\r\n\r\n", b'd\r\n{"amount": 5}\r\n0\r\n\r\n'], ids=["empty", "good"]
)
def test_body_chunked(server, content_type, chunk):
    request = (
        f"POST {DEPOSIT} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Content-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    answer = raw(server, request.encode() + chunk)
    assert (answer.status, answer.text) == (
        411,
        "Send a Content-Length: chunked bodies are not read.",
    )


@pytest.mark.parametrize("length", [16, 200])
def test_body_cut_off(server, length):
    request = f"POST {DEPOSIT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n"
    request += f"Content-Type: application/json\r\n\r\n{GOOD}"
    assert raw(server, request.encode()).status == 400


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
def test_body_length_unclear(server, header):
    request = f"POST {DEPOSIT} HTTP/1.1\r\nHost: localhost\r\n{header}\r\n"
    request += f"Content-Type: application/json\r\n\r\n{GOOD}"
    assert raw(server, request.encode()).status in (400, 411, 501)


@pytest.mark.parametrize(
    "content_type",
    ["application/json", FORM, "multipart/form-data; boundary=x"],
)
@pytest.mark.parametrize("size", [16 * 1024 + 1, 100_000])
def test_body_too_large(server, content_type, size):
    answer = server("POST", DEPOSIT, GOOD.ljust(size), Content_Type=content_type)
    assert (answer.status, answer.text) == (413, "The body may have 16,384 bytes at most.")


@pytest.mark.parametrize(
    "content_type",
    [FORM, "multipart/form-data", "multipart/form-data; boundary=x"],
)
@pytest.mark.parametrize(
    "body",
    ["", "amount=5", "amount=%ff&=&&%00", "&".join(["a="] * 1500)],
    ids=["empty", "good", "odd", "many fields"],
)
def test_form_without_token(server, content_type, body):
    assert server("POST", DEPOSIT, body, Content_Type=content_type).status == 403


UNSEEN = "The account has a character that cannot be seen"
SPACE = "The account begins or ends with a space"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("a" * 65, "The account has 65 characters"),
        (quote("🚚" * 65), "The account has 65 characters"),
        (quote("\u0958" * 33), "The account has 66 characters"),  # normalised, each is two
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
def test_account_bad(server, path, reason):
    for command in ("deposit", "withdraw"):
        address = f"{LIST}/{path}/{command}"
        program = server.post(address, GOOD, Accept="application/json")
        assert (program.status, program.text) == (
            400,
            f"{reason}: it has 1 to 64 visible characters.",
        )
        assert server.post(address, GOOD, Accept="text/html").status == 400
        as_from_the_original = server.post(address, GOOD)
        assert (as_from_the_original.status, as_from_the_original.body) == (400, b"")


@pytest.mark.parametrize("path", ["%00", "a%0Ab", "%20a", "a" * 65, "%E2%80%8B", "%E3%80%80"])
def test_account_bad_in_the_address_of_an_account(server, path):
    answer = server("GET", f"{LIST}/{path}", Accept="application/json")
    assert answer.status == 400
    assert answer.text.startswith("The account ")


def test_account_of_thousands_of_characters(server):
    assert server.deposit("a" * 5000, 5).status == 414


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
def test_idempotency_key_invalid(server, key):
    answer = server.post(DEPOSIT, GOOD, Idempotency_Key=key, Accept="*/*")
    assert answer.status == 400
    assert answer.text.startswith("The Idempotency-Key must be a UUID, such as ")
    assert server.post(DEPOSIT, GOOD, Idempotency_Key=key).body == b""
