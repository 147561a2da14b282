"""Rules that must hold for the stream of each product; `manage.py verify` checks them."""

from collections.abc import Iterable, Iterator

from cqrs_example.eventstore import RecordedEvent
from warehouse.events import ProductEvent, change, product_stream


def stock(stream: Iterable[RecordedEvent[ProductEvent]]) -> Iterator[str]:
    """The quantity on hand is the sum of all changes, and never negative."""
    on_hand = 0
    for event in stream:
        on_hand += change(event.data)
        stated = event.data.quantity_on_hand
        where = f"{event.stream}: version {event.version}"
        if stated != on_hand:
            yield f"{where} says {stated}, but the sum is {on_hand}"
        if stated < 0:
            yield f"{where} leaves {stated}, less than nothing"
        on_hand = stated  # so that one wrong event is reported once


def product_streams(stream: Iterable[RecordedEvent[ProductEvent]]) -> Iterator[str]:
    """The events of a product are in the stream with the product's name."""
    for event in stream:
        if event.stream != product_stream(event.data.sku):
            yield f"{event.stream}: version {event.version} is about the product {event.data.sku}"
