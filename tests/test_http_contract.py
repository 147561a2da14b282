"""What is answered over HTTP, row by row. What is refused is in test_http_refusals.py; that each
command and each address of the warehouse does the same is in warehouse/tests/test_over_http.py."""

import json
import socket
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from cqrs_example import eventstore

from .bank.events import Deposited, account_stream

pytestmark = pytest.mark.usefixtures("bank")

LIST = "/accounts"
LOW = "/low_balances"
ACCOUNT = f"{LIST}/abc123"
DEPOSIT, WITHDRAW = f"{ACCOUNT}/deposit", f"{ACCOUNT}/withdraw"
NOT_CACHED = "max-age=0, private, must-revalidate"
KEY = "4d7e9c52-0c5e-4a8c-9a53-6d1f2b7c8e90"
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
GOOD = '{"amount": 5}'

commands = pytest.mark.parametrize("path", [DEPOSIT, WITHDRAW], ids=["deposit", "withdraw"])


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
    server.deposit("b", 20)
    server.deposit("abc123", 30)
    answer = server("GET", LIST, **headers)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.text == '[{"account":"abc123","amount":30},{"account":"b","amount":20}]'


@pytest.mark.parametrize(
    "accept", ["text/html", "text/*", FIREFOX, "application/json;q=0.1, text/html"]
)
def test_pages_accept_html(server, accept):
    for path in (LIST, ACCOUNT, LOW):
        answer = server("GET", path, Accept=accept)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert answer.text.startswith("<!doctype html>")


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
@pytest.mark.parametrize("path", [LIST, ACCOUNT, LOW])
def test_head(server, path, accept):
    server.deposit("abc123", 10)
    head, get = (server(method, path, Accept=accept) for method in ("HEAD", "GET"))
    assert head.status == 200
    assert head.headers["Content-Length"] == str(len(get.body))
    assert head.headers["Content-Type"] == get.headers["Content-Type"]


@pytest.mark.parametrize("path", [LIST, "/nothing", WITHDRAW])
def test_head_has_no_body_on_the_wire(server, path):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(
            f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        )
        assert client.makefile("rb").read().endswith(b"\r\n\r\n")


def test_list_stays_ordered_by_code_point_and_keeps_empty_accounts(server):
    for account in ["b", "a", "B", "é", "10", "9", "a b"]:
        server.deposit(quote(account), 1)
    server.withdraw("B", 1)
    server.deposit("a", 1)
    assert list(server.balances()) == ["10", "9", "B", "a", "a b", "b", "é"]
    assert server.balances()["B"] == 0


# The other addresses


def test_account(server):
    server.deposit("abc123", 10)
    server.withdraw("abc123", 3)
    answer = server("GET", ACCOUNT)
    assert (answer.status, answer.text) == (200, '{"account":"abc123","amount":7,"version":2}')


def test_account_unknown(server):
    answer = server("GET", ACCOUNT)
    assert answer.status == 404
    assert "There is no account abc123" in answer.text
    assert f'action="{DEPOSIT}"' in server("GET", ACCOUNT, Accept="text/html").text


def test_low_balances(server):
    server.deposit("abc123", 10)
    server.withdraw("abc123", 7)
    [item] = json.loads(server("GET", LOW).body)
    assert item["account"] == "abc123"
    assert item["amount"] == 3
    assert item["requested_at"] <= item["warned_at"]
    assert ">abc123</a>" in server("GET", LOW, Accept="text/html").text


@pytest.mark.parametrize(
    ("path", "status", "answered"),
    [
        ("/", 302, "/admin/"),
        ("/healthz", 200, "ok"),
        ("/readyz", 200, "ok"),
        ("/admin/", 302, "/admin/login/?next=/admin/"),
    ],
)
def test_address(server, path, status, answered):
    answer = server("GET", path, Accept="text/html")
    assert answer.status == status
    assert answered == (answer.headers["Location"] if status == 302 else answer.text)


# Amounts


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
    server.deposit("abc123", 10)
    answer = server.post(path, GOOD, **headers)
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, b"", None)
    assert server.balances() == {"abc123": 15 if path == DEPOSIT else 5}


@pytest.mark.parametrize(
    "body",
    [
        '{"account": "other", "amount": 5}',
        ' \n{"am\\u006funt":\t5}\r\n',
    ],
)
def test_command_only_the_address_names_the_account(server, body):
    assert server.post(f"{DEPOSIT}?account=query&amount=7", body.encode()).status == 200
    assert server.balances() == {"abc123": 5}


@pytest.mark.parametrize(
    "body",
    [
        '{"amount": 5, "reason": {"why": [1, null]}}',
        '{"amount": 5, "note": "\\ud83d\\ude00 😀"}',
    ],
)
def test_command_unknown_keys_are_refused(server, body):
    """The original ignores them. But a misspelt field must not be missing in the log for ever."""
    assert server.post(DEPOSIT, body.encode()).status == 400
    assert server.balances() == {}


@pytest.mark.parametrize("amount", [1, 2**31 - 1])
def test_amount_at_the_limits(server, amount):
    assert server.deposit("abc123", amount).status == 200
    assert server.withdraw("abc123", amount).status == 200
    assert server.balances() == {"abc123": 0}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("{}", "The amount must be a whole number from 1 to 2,147,483,647, but is missing."),
        (
            '{"amount": "5"}',
            'The amount must be a whole number from 1 to 2,147,483,647, but is "5".',
        ),
        (
            '{"amount": 0}',
            "The amount must be a whole number from 1 to 2,147,483,647, but is 0.",
        ),
        (
            '{"amount": false}',
            "The amount must be a whole number from 1 to 2,147,483,647, but is false.",
        ),
        ("[]", "The body must be a JSON object."),
    ],
)
def test_command_bad_parameters_sentence(server, body, sentence):
    assert server.post(DEPOSIT, body, Accept="application/json").text == sentence


def test_deposit_sum_at_the_limit(server):
    with transaction.atomic():
        [account] = eventstore.lock(account_stream("abc123"))
        eventstore.append(account, [Deposited("abc123", 1, 2**63 - 6)])
    answer = server.deposit("abc123", 6)
    assert answer.status == 400
    assert answer.text == "There cannot be more than 9,223,372,036,854,775,807 in an account."
    assert server.deposit("abc123", 5).status == 200
    assert server.balances() == {"abc123": 2**63 - 1}
    assert server.deposit("abc123", 1).status == 400
    assert server.withdraw("abc123", 2**31 - 1).status == 200
    assert server.balances() == {"abc123": 2**63 - 2**31}


# Bodies


def test_body_as_large_as_allowed(server):
    assert server.post(DEPOSIT, GOOD.ljust(16 * 1024)).status == 200


# Names


@pytest.mark.parametrize(
    "account",
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
def test_account_good(server, account):
    assert server.deposit(quote(account), 5).status == 200
    assert server.balances() == {account: 5}
    assert json.loads(server("GET", f"{LIST}/{quote(account)}").body)["account"] == account
    assert server("GET", f"{LIST}/{quote(account)}", Accept="text/html").status == 200


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
def test_account_spelled_in_two_ways_is_one_account(server, one, other):
    server.deposit(quote(one), 1)
    server.deposit(quote(other), 2)
    server.withdraw(quote(other), 1)
    assert server.balances() == {one: 2}
    assert json.loads(server("GET", f"{LIST}/{quote(other)}").body)["version"] == 3


def test_account_case_and_look_alikes_are_accounts_of_their_own(server):
    for account in ["a", "A", "\u0430", "\uff41"]:
        server.deposit(quote(account), 1)
    assert len(server.balances()) == 4


# Headers of answers


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("GET", LIST, None, {}, 200),
        ("HEAD", LIST, None, {}, 200),
        ("GET", LIST, None, {"Accept": "text/html"}, 200),
        ("GET", ACCOUNT, None, {}, 200),
        ("GET", f"{LIST}/unknown", None, {}, 404),
        ("GET", LOW, None, {}, 200),
        ("POST", DEPOSIT, GOOD, {}, 200),
        ("POST", WITHDRAW, GOOD, {}, 200),
        ("POST", WITHDRAW, '{"amount": 11}', {}, 400),
        ("POST", DEPOSIT, "{}", {}, 400),
        ("POST", DEPOSIT, "{}", {"Accept": "text/html"}, 400),
        ("PUT", DEPOSIT, GOOD, {}, 405),
        ("GET", LIST, None, {"Accept": "image/png"}, 406),
        ("POST", DEPOSIT, GOOD.ljust(17_000), {}, 413),
        ("POST", DEPOSIT, GOOD, {"Content_Encoding": "gzip"}, 415),
        ("POST", DEPOSIT, GOOD, {"Content_Type": "application/x-www-form-urlencoded"}, 403),
    ],
)
def test_answer_depends_on_accept_and_is_not_cached(server, method, path, body, headers, status):
    server.deposit("abc123", 10)
    answer = server(method, path, body, **{"Content_Type": "application/json", **headers})
    assert answer.status == status
    assert "Accept" in answer.headers["Vary"].split(", ")
    assert answer.headers["Cache-Control"] == NOT_CACHED


# Ids


@pytest.mark.parametrize("correlation", [KEY, KEY.upper()])
def test_correlation_id_given(server, rows, correlation):
    server.deposit("abc123", 5, X_Correlation_ID=correlation)
    server.withdraw("abc123", 1, X_Correlation_ID=correlation, Idempotency_Key=str(uuid4()))
    found = rows("SELECT DISTINCT correlation_id FROM eventstore_event")
    assert found == [(UUID(KEY),)]


@pytest.mark.parametrize("correlation", ["", "nonsense", KEY[:-1], f'"{KEY}"', f"{KEY} {KEY}"])
def test_correlation_id_without_a_uuid_is_the_commands_id(server, rows, correlation):
    assert server.deposit("abc123", 5, X_Correlation_ID=correlation).status == 200
    [(correlation_id, command_id)] = rows(
        "SELECT correlation_id, metadata->'command'->>'id' FROM eventstore_event"
    )
    assert str(correlation_id) == command_id


@pytest.mark.parametrize("again", [KEY, f'"{KEY}"', KEY.upper(), f'"{KEY.upper()}"'])
def test_idempotency_key_again(server, log, again):
    first = server.deposit("abc123", 5, Idempotency_Key=KEY)
    second = server.deposit("abc123", 5, Idempotency_Key=again)
    assert [(one.status, one.body) for one in (first, second)] == [(200, b""), (200, b"")]
    assert log() == ["Deposited 5 in abc123, 5 there"]


def test_idempotency_key_again_after_other_commands(server, log):
    server.deposit("abc123", 5, Idempotency_Key=KEY)
    server.deposit("abc123", 7)
    assert server.deposit("abc123", 5, Idempotency_Key=KEY).status == 200
    assert len(log()) == 2


def test_idempotency_key_again_after_withdrawing_everything(server, log):
    server.deposit("abc123", 5)
    answers = [server.withdraw("abc123", 5, Idempotency_Key=KEY) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert log() == [
        "Deposited 5 in abc123, 5 there",
        "Withdrew 5 from abc123, 0 left",
        "Warned that abc123 is low, 0 left",
    ]


def test_idempotency_key_again_under_another_spelling_of_the_account(server, log):
    server.deposit(quote("caf\u00e9"), 5, Idempotency_Key=KEY)
    assert server.deposit(quote("cafe\u0301"), 5, Idempotency_Key=KEY).status == 200
    assert len(log()) == 1


@pytest.mark.parametrize(
    ("command", "account", "amount"),
    [
        ("deposit", "abc123", 6),
        ("deposit", "other", 5),
        ("withdraw", "abc123", 5),
        ("withdraw", "abc123", 99),
    ],
)
def test_idempotency_key_of_another_command(server, everything, command, account, amount):
    server.deposit("abc123", 10)
    server.deposit("abc123", 5, Idempotency_Key=KEY)
    before = everything()
    answer = getattr(server, command)(account, amount, Idempotency_Key=KEY)
    assert answer.status == 422
    assert f"The command id {KEY} belongs to another command" in answer.text
    assert everything() == before


def test_idempotency_key_of_a_refused_command_is_decided_anew(server, log):
    assert server.withdraw("abc123", 5, Idempotency_Key=KEY).status == 400
    server.deposit("abc123", 10)
    assert server.withdraw("abc123", 5, Idempotency_Key=KEY).status == 200
    assert server.withdraw("abc123", 5, Idempotency_Key=KEY).status == 200
    assert server.withdraw("abc123", 6, Idempotency_Key=KEY).status == 422
    assert server.balances() == {"abc123": 5}
