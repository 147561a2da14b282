from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from cqrs_example import eventstore
from cqrs_example.eventstore import NewEvent
from warehouse.events import ProductQuantityIncreased, ProductQuantityShipped, product_stream

ACTIVITY = "/warehouse/activity"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def happened(*moments, kind=ProductQuantityIncreased):
    with transaction.atomic():
        [product] = eventstore.lock(product_stream("a"))
        data = [kind("a", 1, number, "A-1") for number in range(len(moments))]
        pairs = zip(data, moments, strict=True)
        eventstore.append_many([NewEvent(product, one, at) for one, at in pairs])


def quantities(client, **query):
    rows = client.get(ACTIVITY, query).json()
    return [int(row["sentence"].split(", ")[1].split()[0].replace(",", "")) for row in rows]


@pytest.mark.django_db
def test_days_are_inclusive_and_by_when_it_happened(client):
    """Recorded in another order than it happened."""
    edge = timedelta(hours=12)
    happened(
        NOON, NOON + edge, NOON - edge, NOON + edge - timedelta(microseconds=1), NOON - 2 * edge
    )
    assert quantities(client) == [4, 3, 2, 1, 0]
    assert quantities(client, since="2026-03-10", until="2026-03-10") == [3, 0, 2]
    assert quantities(client, since="2026-03-11") == [1]
    assert quantities(client, until="2026-03-09") == [4]
    assert quantities(client, since="2026-03-12") == []


@pytest.mark.django_db
def test_pages_and_file_of_days(client):
    moments = [NOON + timedelta(minutes=number % 7) for number in range(120)]
    happened(*moments)
    query = {"since": "2026-03-10"}
    order = sorted(range(120), key=lambda number: (moments[number], number), reverse=True)
    listed, positions = [], []
    while rows := client.get(ACTIVITY, query).json():
        positions += [row["position"] for row in rows]
        listed += [int(row["sentence"].split(", ")[1].split()[0]) for row in rows]
        query = {"since": "2026-03-10", "before": positions[-1]}
    assert listed == order
    back = client.get(ACTIVITY, {"since": "2026-03-10", "after": positions[100]}).json()
    assert [row["position"] for row in back] == positions[50:100]
    file = client.get(ACTIVITY, {"since": "2026-03-10", "format": "csv"})
    lines = b"".join(file.streaming_content).decode().splitlines()[1:]
    assert [int(line.partition(",")[0]) for line in lines] == positions


@pytest.mark.django_db
def test_days_of_one_type(client):
    happened(NOON)
    happened(NOON, kind=ProductQuantityShipped)
    query = {"since": "2026-03-10", "type": "warehouse.ProductQuantityShipped"}
    assert [row["sentence"] for row in client.get(ACTIVITY, query).json()] == [
        "Shipped 1 of a, 0 left"
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_wrong_day_is_answered_with_a_sentence(client, accept):
    answer = client.get(ACTIVITY, {"since": "yesterday"}, headers={"accept": accept})
    assert answer.status_code == 400
    assert "since must be a day such as 2026-01-31" in answer.content.decode()


@pytest.mark.django_db
def test_days_are_found_in_an_index():
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('warehouse_activity_occurred') IS NOT NULL")
        assert cursor.fetchone() == (True,)
