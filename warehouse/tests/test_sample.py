"""`make sample` fills the warehouse with what may happen in one, until today."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid5

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from cqrs_example.eventstore import read_all
from cqrs_example.messaging import Context, Repeated, execute
from dev import sample
from warehouse.events import (
    NotifiedLowProductQuantity,
    ProductChangeUndone,
    ProductQuantityCounted,
    ProductQuantityIncreased,
    ProductQuantityShipped,
)

DAYS = [date(2026, 1, 1) + timedelta(days=number) for number in range(30)]


def record(day):
    context = Context(uuid5(sample.NAMESPACE_URL, str(day)))
    return execute(sample.record_day, sample.RecordDay(day.isoformat()), context)


@pytest.mark.slices("low_product_quantity_notification")
def test_sample(db):
    for day in DAYS:
        record(day)
    execute(sample.take_back, sample.TakeBack(sample.TAKEN_BACK))
    events = list(read_all())
    kinds = {type(event.data) for event in events}
    assert kinds == {
        NotifiedLowProductQuantity,
        ProductChangeUndone,
        ProductQuantityCounted,
        ProductQuantityIncreased,
        ProductQuantityShipped,
    }
    stock = import_string(settings.INVARIANTS["stock"])
    streams = {event.stream for event in events if event.stream.startswith("product-")}
    for stream in streams:
        assert list(stock(event for event in events if event.stream == stream)) == []
    assert isinstance(record(DAYS[3]), Repeated)
    assert len(list(read_all())) == len(events)


def test_sample_is_a_year_until_today():
    days = sample.days()
    assert days[-1] == datetime.now(UTC).date()
    assert (len(days), days[1] - days[0]) == (365, timedelta(days=1))


def test_sample_has_nothing_of_the_future(db):
    assert record(datetime.now(UTC).date() + timedelta(days=1)) == []
