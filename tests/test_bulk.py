"""Thousands of events in one command, delivered like one."""

from dataclasses import dataclass

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cqrs_example.eventstore import NewEvent, read_all
from cqrs_example.messaging import Context, Repeated, execute
from warehouse.events import ProductQuantityIncreased, ProductQuantityShipped, product_stream
from warehouse.low_product_quantity_notification.models import LowProductQuantityNotification
from warehouse.products.models import Product

pytestmark = pytest.mark.django_db
SKUS = [f"sku-{n:04}" for n in range(1000)]


@dataclass(frozen=True)
class Stocktake:
    """So many events for each product: all but the last receive one."""

    events: int
    left: int | None = None


def stocktake(tx, command):
    streams = tx.lock(*map(product_stream, SKUS))
    new = [
        NewEvent(stream, ProductQuantityIncreased(sku, 1, stream.version + 1 + n))
        for n in range(command.events)
        for sku, stream in zip(SKUS, streams, strict=True)
    ]
    if command.left is not None:
        new.append(NewEvent(streams[0], ProductQuantityShipped(SKUS[0], 1, command.left, "A-1001")))
    tx.append_many(new)


def statements(events):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        execute(stocktake, Stocktake(events))
    return len(captured)


def test_bulk_is_delivered():
    events = execute(stocktake, Stocktake(3, left=2))
    assert len(events) == 3001
    assert Product.objects.count() == 1000
    assert Product.objects.get(sku=SKUS[0]).quantity == 2
    assert set(Product.objects.exclude(sku=SKUS[0]).values_list("quantity", flat=True)) == {3}
    [item] = LowProductQuantityNotification.objects.all()
    assert (item.sku, item.quantity) == (SKUS[0], 2)
    assert item.notified_at
    streams = {event.stream: event.version for event in read_all()}
    assert streams[product_stream(SKUS[0])] == 4
    assert streams[product_stream(SKUS[1])] == 3


def test_bulk_takes_as_many_statements_as_one():
    assert statements(1) == statements(5)


def test_bulk_again():
    context = Context()
    events = execute(stocktake, Stocktake(2), context)
    again = execute(stocktake, Stocktake(2), context)
    assert isinstance(again, Repeated)
    assert [event.id for event in again] == [event.id for event in events]
    assert sum(1 for _ in read_all()) == 2000
