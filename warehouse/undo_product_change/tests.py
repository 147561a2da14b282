from datetime import UTC, datetime
from uuid import UUID

import pytest

from cqrs_example import eventstore
from cqrs_example.messaging import Context, DomainError, Repeated, execute
from tests.racing import all_at_once
from warehouse.events import (
    ProductChangeUndone,
    ProductQuantityCounted,
    ProductQuantityIncreased,
    ProductQuantityShipped,
    product_stream,
)
from warehouse.tests.given import received, shipped

from .command import UndoProductChange, handle
from .invariants import undone as invariant

UNDO = "/warehouse/products/abc123/undo"
KEY = UUID("0c9c9d5c-5b8e-4d59-9c0b-6a8c2d1c5f11")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
RECEIVED = ProductQuantityIncreased("abc123", 10, 10)
SHIPPED = ProductQuantityShipped("abc123", 7, 3, "A-1")
COUNTED = ProductQuantityCounted("abc123", 2, 5, "")


def undo(scenario, version):
    return scenario.when(handle, UndoProductChange("abc123", version))


def an_undo(scenario, version, change, on_hand):
    """What undoing a version comes to."""
    [event] = [e for e in scenario.log.read(product_stream("abc123")) if e.version == version]
    return ProductChangeUndone("abc123", event.id, event.data.type, version, NOW, change, on_hand)


@pytest.fixture
def stocked(scenario):
    return scenario.given(product_stream("abc123"), [RECEIVED, SHIPPED, COUNTED])


@pytest.mark.parametrize(("version", "change"), [(2, 7), (3, -2)])
def test_undo(stocked, version, change):
    undo(stocked, version).then([an_undo(stocked, version, change, 5 + change)])


def test_undo_twice(stocked):
    undo(stocked, 2).then([an_undo(stocked, 2, 7, 12)])
    undo(stocked, 3).then([an_undo(stocked, 3, -2, 10)])
    undo(stocked, 2).then_refused("This was undone before, by version 4.")
    undo(stocked, 4).then_refused(
        "This change is an undo itself: make the change that it undid again instead."
    )


def test_undo_below_nothing(stocked):
    undo(stocked, 1).then_refused("Undoing this would leave -5: there are 5 on hand.")


def test_undo_what_is_not_there(stocked):
    undo(stocked, 4).then_refused("Product abc123 has no version 4.")
    stocked.when(handle, UndoProductChange("nut", 1)).then_refused("Product nut has no version 1.")


def test_undo_what_changed_nothing(stocked):
    same = ProductQuantityCounted("abc123", 0, 5, "")
    stocked.given(product_stream("abc123"), [same])
    undo(stocked, 4).then_refused("This changed nothing, so there is nothing to undo.")


def test_undo_more_than_there_can_be(scenario):
    most = 2**63 - 1
    scenario.given(
        product_stream("abc123"),
        [RECEIVED, SHIPPED, ProductQuantityCounted("abc123", most - 3, most, "")],
    )
    undo(scenario, 2).then_refused(
        "Undoing this would leave 9,223,372,036,854,775,814:"
        " there are 9,223,372,036,854,775,807 on hand."
    )


@pytest.mark.slices("low_product_quantity_notification")
def test_undo_that_leaves_few_notifies(db, log):
    received("abc123", 3)
    received("abc123", 9)
    execute(handle, UndoProductChange("abc123", 2))
    assert log()[2:] == [
        "Undid a receipt of abc123 (version 2), 3 on hand",
        "Notified that abc123 is low, 3 left",
    ]


def test_undo_by_twenty_at_once(transactional_db, log):
    received("abc123", 10)
    shipped("abc123", 7)

    def try_it():
        try:
            return len(execute(handle, UndoProductChange("abc123", 2)))
        except DomainError as error:
            return str(error)

    outcomes = all_at_once([try_it] * 20)
    assert outcomes.count(1) == 1
    assert outcomes.count("This was undone before, by version 3.") == 19
    assert eventstore.last_event(product_stream("abc123")).data.quantity_on_hand == 10


def test_undo_sent_again_is_a_repetition(db, log):
    received("abc123", 10)
    first, second = (
        execute(handle, UndoProductChange("abc123", 1), Context(KEY)) for _ in range(2)
    )
    assert isinstance(second, Repeated)
    assert first == second


def test_undo_of_a_program(client, db, log):
    received("abc123", 10)
    for body, status, text in (
        ({"version": 1}, 200, ""),
        ({"version": 1}, 400, "This was undone before, by version 2."),
        ({"version": 9}, 400, "Product abc123 has no version 9."),
        ({}, 400, "The version must be a whole number from 1 to 2,147,483,647, but is missing."),
    ):
        answer = client.post(UNDO, body, content_type="application/json", headers={"accept": "*/*"})
        assert (answer.status_code, answer.content.decode()) == (status, text)
    assert log()[1] == "Undid a receipt of abc123 (version 1), 0 on hand"


def test_undo_refused_page(client, db):
    received("abc123", 10)
    shipped("abc123", 7)
    page = client.post(UNDO, {"version": "1"}, headers={"accept": "text/html"})
    assert page.status_code == 422
    assert "Undoing this would leave -7: there are 3 on hand." in page.content.decode()


@pytest.mark.slices("shipping_report")
def test_report_does_not_count_a_shipment_that_was_undone(client, db):
    received("abc123", 10)
    for quantity in (4, 3):
        shipped("abc123", quantity)
    execute(handle, UndoProductChange("abc123", 2))

    def report():
        rows = client.get("/warehouse/shipping_report", headers={"accept": "application/json"})
        return [(row["quantity"], row["shipments"]) for row in rows.json()]

    assert report() == [(3, 1)]
    execute(handle, UndoProductChange("abc123", 3))
    assert report() == []


@pytest.mark.slices("product_history")
def test_history_says_what_was_undone(client, db):
    received("abc123", 10)
    shipped("abc123", 4)
    execute(handle, UndoProductChange("abc123", 2))
    page = client.get("/warehouse/products/abc123", headers={"accept": "text/html"})
    text = page.content.decode()
    assert "Undid a shipment" in text
    assert "undone by version 3" in text
    assert 'name="version" value="1"' in text  # and a button for this one alone
    assert text.count('form="undo"') == 1


def test_invariant(db):
    received("abc123", 10)
    shipped("abc123", 4)
    execute(handle, UndoProductChange("abc123", 2))
    good = list(eventstore.read(product_stream("abc123")))
    assert list(invariant(good)) == []
    [first, shipment, undoing] = good
    twice = [*good, undoing]
    before = [first, undoing, shipment]
    for wrong in (twice, before):
        [sentence] = invariant(wrong)
        assert sentence.startswith("product-abc123: version 3 undoes the event ")
