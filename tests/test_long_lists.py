"""Lists of any length as JSON: the same bytes as a short one, in flat memory."""

import json
import tracemalloc

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from cqrs_example.http import as_json, as_json_list
from cqrs_example.http.streamed import BATCH

lists = pytest.mark.usefixtures("bank")
LIST = "/accounts"
LOW = "/low_balances"
ACCOUNTS = """INSERT INTO bank_account (account, amount, changed_at)
    SELECT 'größe-' || lpad(n::text, 7, '0'), n, now() FROM generate_series(1, %s) AS n
    RETURNING 1"""
LOW_BALANCES = """INSERT INTO bank_lowbalance
        (withdrawal, account, amount, requested_at, warned_at)
    SELECT gen_random_uuid(), 'abc' || n, 3, now(), now() FROM generate_series(1, %s) AS n
    RETURNING 1"""


@pytest.mark.parametrize("length", [0, 1, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH, 2 * BATCH + 1])
def test_same_bytes_as_of_the_whole_list(length):
    rows = [{"amount": n, "account": f"größe {n}"} for n in range(length)]
    answer = as_json_list(RequestFactory().get("/"), iter(rows))
    whole = as_json(rows)
    assert b"".join(answer) == whole.content
    assert answer["Content-Type"] == whole["Content-Type"]
    assert isinstance(answer, HttpResponse) == (length <= BATCH)
    head = as_json_list(RequestFactory().head("/"), iter(rows))
    assert int(head.get("Content-Length", len(head.content))) == len(whole.content)


def test_memory_is_flat():
    rows = ({"amount": n, "account": f"account-{n}"} for n in range(100_000))
    tracemalloc.start()
    length = sum(map(len, as_json_list(RequestFactory().get("/"), rows)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert length > 2_500_000
    assert peak < 2_300_000


@lists
@pytest.mark.parametrize(("path", "insert"), [(LIST, ACCOUNTS), (LOW, LOW_BALANCES)])
def test_long_list_over_http(server, rows, path, insert):
    count = 3 * BATCH + 7
    rows(insert, count)
    answer = server("GET", path)
    assert (answer.status, answer.headers["Transfer-Encoding"]) == (200, "chunked")
    read = json.loads(answer.body)
    assert len(read) == len({one["account"] for one in read}) == count
    assert path == LOW or [one["amount"] for one in read] == list(range(1, count + 1))
    head = server("HEAD", path)
    assert (head.body, int(head.headers["Content-Length"])) == (b"", len(answer.body))


@lists
@pytest.mark.usefixtures("bank")
def test_short_list_has_its_length(server):
    server.deposit("abc123", 10)
    for path in (LIST, LOW):
        answer = server("GET", path)
        assert int(answer.headers["Content-Length"]) == len(answer.body)
        assert server("HEAD", path).headers["Content-Length"] == answer.headers["Content-Length"]


@lists
@pytest.mark.django_db(transaction=True)
def test_rows_are_fetched_as_they_are_sent(client, rows):
    rows(ACCOUNTS, 40_000)
    tracemalloc.start()
    length = sum(map(len, client.get(LIST)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert length > 1_500_000
    assert peak < 6_000_000
