"""What must be true of every product's stream, whatever happened: `manage.py verify` asks."""

from collections.abc import Iterable, Iterator

from cqrs_example.eventstore import RecordedEvent
from warehouse.events import ProductQuantityIncreased, ProductQuantityShipped


def stock(stream: Iterable[RecordedEvent]) -> Iterator[str]:
    """What is on hand is what came less what went, and never negative."""
    on_hand = 0
    for event in stream:
        match event.data:
            case ProductQuantityIncreased(quantity=quantity):
                on_hand += quantity
            case ProductQuantityShipped(quantity=quantity):
                on_hand -= quantity
            case _:
                continue
        told = event.data.quantity_on_hand
        if told != on_hand:
            yield f"{event.stream}: version {event.version} says {told}, but the sum is {on_hand}"
        if told < 0:
            yield f"{event.stream}: version {event.version} leaves {told}, less than nothing"
        on_hand = told  # once is enough: go on from what it says
