from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest

from cqrs_example.eventstore import RecordedEvent
from warehouse.events import ProductQuantityShipped, product_stream

from .models import DayOfShipping
from .projection import project

REPORT = "/warehouse/shipping_report"
DAY = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)


def shipped(sku, quantity, at=DAY):
    data = ProductQuantityShipped(sku, quantity, 0, "A-1001")
    row = (1, uuid4(), product_stream(sku), 1, data.type, 2, "{}", uuid4(), uuid4(), "{}")
    return RecordedEvent((*row, at.isoformat(), at.isoformat()), data)


def rows():
    found = DayOfShipping.objects.order_by("day", "sku")
    return [(str(row.day), row.sku, row.quantity, row.shipments) for row in found]


@pytest.mark.django_db
def test_adds_up_by_day_and_product():
    project([shipped("a", 3), shipped("b", 1), shipped("a", 4, DAY + timedelta(seconds=1))])
    project([shipped("a", 5)])
    assert rows() == [
        ("2026-03-01", "a", 8, 2),
        ("2026-03-01", "b", 1, 1),
        ("2026-03-02", "a", 4, 1),
    ]


@pytest.mark.django_db
def test_days_are_those_of_utc():
    late_in_the_west = datetime(2026, 3, 1, 23, tzinfo=timezone(timedelta(hours=-8)))
    project([shipped("a", 1, late_in_the_west)])
    assert [row[0] for row in rows()] == ["2026-03-02"]


@pytest.mark.django_db
def test_any_number_of_events_is_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        project([shipped(f"p{number % 1000}", 1) for number in range(50_000)])
    assert DayOfShipping.objects.count() == 1000


@pytest.mark.django_db
def test_empty(client):
    assert client.get(REPORT).json() == []
    page = client.get(REPORT, headers={"accept": "text/html"})
    assert b"Nothing was shipped yet." in page.content


@pytest.mark.django_db
def test_page_and_program(client):
    hostile = "<script>'\""
    project([shipped(hostile, 1500), shipped("a", 2, DAY - timedelta(days=1))])
    assert client.get(REPORT).json() == [
        {"day": "2026-03-01", "sku": hostile, "quantity": 1500, "shipments": 1},
        {"day": "2026-02-28", "sku": "a", "quantity": 2, "shipments": 1},
    ]
    page = client.get(REPORT, headers={"accept": "text/html"}).content.decode()
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert "1,500" in page
    assert [row["sku"] for row in client.get(REPORT, {"sku": "a"}).json()] == ["a"]
    assert client.get(REPORT, {"sku": "b"}).json() == []


@pytest.mark.django_db
def test_pages_go_on_where_the_last_one_ended(client):
    days = [DAY - timedelta(days=number) for number in range(40)]
    project([shipped(f"p{number}", 1, day) for day in days for number in range(3)])
    listed = [(str(row.day), row.sku) for row in DayOfShipping.objects.order_by("-day", "sku")]

    def page(**key):
        return [(row["day"], row["sku"]) for row in client.get(REPORT, key).json()]

    first = page()
    second = page(after="/".join(first[-1]))
    third = page(after="/".join(second[-1]))
    assert first + second + third == listed
    assert page(before="/".join(second[0])) == first
    assert page(before="/".join(third[0])) == second


@pytest.mark.django_db
@pytest.mark.parametrize(
    "key", ["", "x", "2026-03-01", "2026-03-01/", "2026-13-01/a", "2026-03-01/a%b"]
)
def test_key_that_is_none(client, key):
    assert client.get(REPORT, {"after": key}).status_code == 400


@pytest.mark.django_db
def test_days_are_inclusive(client):
    project([shipped("a", number, DAY + timedelta(days=number)) for number in range(1, 6)])

    def quantities(**query):
        return [row["quantity"] for row in client.get(REPORT, query).json()]

    assert quantities(since="2026-03-03", until="2026-03-05") == [4, 3, 2]
    assert quantities(until="2026-03-02") == [1]
    assert quantities(since="2026-03-06", sku="a") == [5]
    file = client.get(REPORT, {"since": "2026-03-06", "format": "csv"})
    assert b"".join(file.streaming_content).decode().splitlines()[1:] == ["2026-03-06,a,1,5"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"since": "1.3.2026"}, "since must be a day such as 2026-01-31"),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "before they begin on 2026-03-02"),
    ],
)
def test_wrong_days_are_answered_with_a_sentence(client, query, sentence):
    answer = client.get(REPORT, query, headers={"accept": "text/html"})
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
