"""How often a command waits for the database: each time costs more than all of the Python."""

import re
from pathlib import Path

import pytest
from django.db import connection

from cqrs_example.messaging import execute
from warehouse.increase_product_quantity.command import IncreaseProductQuantity
from warehouse.increase_product_quantity.command import handle as increase
from warehouse.ship_product_quantity.command import ShipProductQuantity
from warehouse.ship_product_quantity.command import handle as ship

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def traced(tmp_path: Path):
    """`traced(handler, command)`: what libpq and the server said to one another meanwhile."""

    def run(handler, command):
        path = tmp_path / "trace"
        with path.open("w") as file:
            connection.connection.pgconn.trace(file.fileno())
            try:
                execute(handler, command)
            finally:
                connection.connection.pgconn.untrace()
        return path.read_text()

    execute(increase, IncreaseProductQuantity("abc", 100))
    return run


def round_trips(trace):
    return len(re.findall(r"\bReadyForQuery\b", trace))


def test_increase(traced):
    trace = traced(increase, IncreaseProductQuantity("abc", 1))
    assert round_trips(trace) <= 5 + 1  # the command's own, and the products projection
    assert "SAVEPOINT" not in trace
    assert "COMMIT" in trace


def test_ship(traced):
    trace = traced(ship, ShipProductQuantity("abc", 1))
    assert round_trips(trace) <= 5 + 1
    assert "SAVEPOINT" not in trace


def test_ship_that_notifies(traced):
    trace = traced(ship, ShipProductQuantity("abc", 97))
    # Beside the shipment's own: its to-do item; and of the command that the policy issues the
    # locking, the appending, and the item that is ticked off.
    assert round_trips(trace) <= 5 + 1 + 1 + 3
    assert "SAVEPOINT" not in trace
