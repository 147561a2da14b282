"""`make sample` fills the warehouse with what may happen in one, until today."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from cqrs_example.eventstore import read_all
from cqrs_example.messaging import execute
from dev import sample
from warehouse.events import (
    NotifiedLowProductQuantity,
    ProductChangeUndone,
    ProductQuantityCounted,
    ProductQuantityIncreased,
    ProductQuantityShipped,
)

DAYS = [date(2026, 1, 1) + timedelta(days=number) for number in range(30)]


@pytest.mark.slices("low_product_quantity_notification")
def test_sample(db):
    for day in DAYS:
        sample.record(day)
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
    assert [sample.record(day) for day in DAYS] == [[]] * len(DAYS)
    assert len(list(read_all())) == len(events)


@pytest.mark.slices("low_product_quantity_notification")
def test_what_policies_record_has_the_time_of_its_day(db):
    for day in DAYS[:12]:
        sample.record(day)
    notified = [e for e in read_all() if isinstance(e.data, NotifiedLowProductQuantity)]
    causes = {event.id: event for event in read_all()}
    then = [causes[event.causation_id].occurred_at for event in notified]
    if "notify_low_product_quantity" in settings.SUBSCRIPTIONS:
        then = [event.recorded_at for event in notified]  # what a worker does, it does now
    assert notified
    assert [event.occurred_at for event in notified] == then


def test_documents_have_several_lines(db):
    for day in DAYS[:6]:
        sample.record(day)
    lines = Counter(event.correlation_id for event in read_all())
    kinds = {event.metadata["command"]["name"] for event in read_all()}
    assert max(lines.values()) > 20
    assert {"ReceiveDelivery", "ShipOrder", "CountShelf"} <= kinds
    assert {event.metadata["actor"] for event in read_all()} == set(sample.CLERKS)


def test_sample_is_a_year_until_today():
    days = sample.days()
    assert days[-1] == datetime.now(UTC).date()
    assert (len(days), days[1] - days[0]) == (365, timedelta(days=1))


def test_sample_has_nothing_of_the_future(db):
    assert sample.record(datetime.now(UTC).date() + timedelta(days=1)) == []
