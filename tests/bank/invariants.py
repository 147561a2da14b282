"""What must be true of every account's stream."""

from collections.abc import Iterable, Iterator

from cqrs_example.eventstore import RecordedEvent

from .events import AccountEvent, Deposited


def funds(stream: Iterable[RecordedEvent[AccountEvent]]) -> Iterator[str]:
    """What is there is what came less what went, and never negative."""
    there = 0
    for event in stream:
        came = isinstance(event.data, Deposited)
        there += event.data.amount if came else -event.data.amount
        balance = event.data.balance
        if balance != there:
            yield f"{event.stream}: version {event.version} says {balance}, but the sum is {there}"
        if balance < 0:
            yield f"{event.stream}: version {event.version} leaves {balance}, less than nothing"
        there = balance
