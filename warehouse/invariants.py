"""What must be true of every product's stream, whatever happened: `manage.py verify` asks."""

from collections.abc import Iterable, Iterator

from cqrs_example.eventstore import RecordedEvent
from warehouse.events import ProductEvent, change, product_stream


def stock(stream: Iterable[RecordedEvent[ProductEvent]]) -> Iterator[str]:
    """What is on hand is the sum of all changes, and never negative."""
    on_hand = 0
    for event in stream:
        on_hand += change(event.data)
        says = event.data.quantity_on_hand
        where = f"{event.stream}: version {event.version}"
        if says != on_hand:
            yield f"{where} says {says}, but the sum is {on_hand}"
        if says < 0:
            yield f"{where} leaves {says}, less than nothing"
        on_hand = says  # once is enough: go on from what it says


def product_streams(stream: Iterable[RecordedEvent[ProductEvent]]) -> Iterator[str]:
    """A product's events stand in the stream that is named after it."""
    for event in stream:
        if event.stream != product_stream(event.data.sku):
            yield f"{event.stream}: version {event.version} is about the product {event.data.sku}"
