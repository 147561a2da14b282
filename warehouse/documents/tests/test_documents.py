"""All or nothing, over many products: the commands, and what programs and forms are answered."""

from urllib.parse import urlencode
from uuid import UUID, uuid4

import pytest

from cqrs_example import eventstore
from cqrs_example.messaging import CommandIdReused, Context, Repeated, execute
from tests.racing import all_at_once
from warehouse.documents.command import (
    CountShelf,
    Line,
    ReceiveDelivery,
    ShipOrder,
    count_shelf,
    receive_delivery,
    ship_order,
)
from warehouse.events import (
    ProductQuantityCounted,
    ProductQuantityIncreased,
    ProductQuantityShipped,
    product_stream,
)
from warehouse.tests.given import received

RECEIVE, SHIP, COUNT = (
    "/warehouse/receive_delivery",
    "/warehouse/ship_order",
    "/warehouse/count_shelf",
)
KEY = UUID("5d1b6a3e-6a53-4bb4-9f51-3a1b8f5c7a10")
MOST = 2**63 - 1


def lines(**quantities: int) -> tuple[Line, ...]:
    return tuple(Line(sku, quantity) for sku, quantity in quantities.items())


def there(scenario, **quantities):
    for sku, quantity in quantities.items():
        event = ProductQuantityIncreased(sku, quantity, quantity)
        scenario.given(product_stream(sku), [event])
    return scenario


def test_receive_delivery(scenario):
    there(scenario, bolt=3)
    scenario.when(
        receive_delivery, ReceiveDelivery("LS-1", (*lines(bolt=5, nut=7), Line("bolt", 2)))
    ).then(
        [
            ProductQuantityIncreased("bolt", 5, 8, "LS-1"),
            ProductQuantityIncreased("nut", 7, 7, "LS-1"),
            ProductQuantityIncreased("bolt", 2, 10, "LS-1"),
        ]
    )


def test_receive_more_than_there_can_be(scenario):
    there(scenario, bolt=MOST)
    scenario.when(receive_delivery, ReceiveDelivery("", lines(bolt=1))).then_refused(
        "Line 1: There cannot be more than 9,223,372,036,854,775,807 on hand."
    )


def test_ship_order_goes_on_from_the_line_before(scenario):
    there(scenario, bolt=10)
    scenario.when(ship_order, ShipOrder("A-1", (Line("bolt", 6), Line("bolt", 4)))).then(
        [
            ProductQuantityShipped("bolt", 6, 4, "A-1"),
            ProductQuantityShipped("bolt", 4, 0, "A-1"),
        ]
    )


def test_ship_order_names_every_wrong_line(scenario):
    there(scenario, bolt=10, nut=1200)
    order = ShipOrder("A-1", (Line("bolt", 6), Line("bolt", 5), Line("nut", 1201), Line("cap", 1)))
    scenario.when(ship_order, order).then_refused(
        "Line 2: Insufficient quantity on hand: there are 4."
        " Line 3: Insufficient quantity on hand: there are 1,200."
        " Line 4: Insufficient quantity on hand: there are 0."
    )
    assert len(list(scenario.log.read_all())) == 2


def test_count_shelf(scenario):
    there(scenario, bolt=10, nut=2)
    scenario.when(count_shelf, CountShelf("shelf 7", lines(bolt=8, nut=2, cap=4))).then(
        [
            ProductQuantityCounted("bolt", -2, 8, "shelf 7"),
            ProductQuantityCounted("nut", 0, 2, "shelf 7"),
            ProductQuantityCounted("cap", 4, 4, "shelf 7"),
        ]
    )


def test_count_shelf_refuses_what_nobody_can_tell(scenario):
    twice = CountShelf("", (Line("bolt", 1), Line("nut", 1), Line("bolt", 2)))
    scenario.when(count_shelf, twice).then_refused("Line 3: bolt is counted in line 1 already.")
    unknown = "Line 1: There is no product nut, so nothing of it can be missing."
    scenario.when(count_shelf, CountShelf("", lines(nut=0))).then_refused(unknown)


def test_same_command_is_known_by_its_lines(db):
    document = ReceiveDelivery("LS-1", lines(bolt=5, nut=7))
    first, second = (execute(receive_delivery, document, Context(KEY)) for _ in range(2))
    assert isinstance(second, Repeated)
    assert first == second
    with pytest.raises(CommandIdReused):
        execute(receive_delivery, ReceiveDelivery("LS-1", lines(bolt=5, nut=8)), Context(KEY))
    # Beside each of the events stands what the command was, and not all of its lines.
    assert first[0].metadata["command"]["fields"].keys() == {"reference", "fingerprint"}


@pytest.mark.slices("low_product_quantity_notification")
def test_order_that_leaves_few_of_some_notifies_of_those(db, log):
    for sku in ("bolt", "nut"):
        received(sku, 10)
    execute(ship_order, ShipOrder("A-1", lines(bolt=6, nut=1)))
    assert log()[2:] == [
        "Shipped 6 of bolt, 4 left",
        "Shipped 1 of nut, 9 left",
        "Notified that bolt is low, 4 left",
    ]


def test_orders_in_opposite_order_do_not_wait_for_each_other_and_never_oversell(
    transactional_db, log
):
    for sku in ("bolt", "nut"):
        received(sku, 10)
    there_and_back = [lines(bolt=1, nut=1), lines(nut=1, bolt=1)] * 10

    def ship(order):
        try:
            return len(execute(ship_order, ShipOrder("", order)))
        except Exception as error:
            return str(error)

    outcomes = all_at_once([lambda order=order: ship(order) for order in there_and_back])
    assert sorted(map(str, outcomes))[:10] == ["2"] * 10
    assert all("Insufficient quantity on hand: there are 0." in str(o) for o in outcomes if o != 2)
    last = [eventstore.last_event(product_stream(sku)).data for sku in ("bolt", "nut")]
    assert [event.quantity_on_hand for event in last] == [0, 0]


# Programs


def send(client, address, body, **headers):
    return client.post(
        address, body, content_type="application/json", headers={"accept": "*/*", **headers}
    )


def as_lines(**quantities):
    return [{"sku": sku, "quantity": quantity} for sku, quantity in quantities.items()]


@pytest.mark.parametrize(
    ("address", "sentences"),
    [
        (RECEIVE, ["Received 4 of bolt, 14 on hand", "Received 6 of nut, 16 on hand"]),
        (SHIP, ["Shipped 4 of bolt, 6 left", "Shipped 6 of nut, 4 left"]),
        (
            COUNT,
            ["Counted 4 of bolt, a difference of -6", "Counted 6 of nut, a difference of -4"],
        ),
    ],
)
def test_document_of_a_program(client, db, log, address, sentences):
    for sku in ("bolt", "nut"):
        received(sku, 10)
    body = {"reference": "X-1", "lines": as_lines(bolt=4, nut=6)}
    key = str(uuid4())
    for _ in range(2):
        answer = send(client, address, body, idempotency_key=key)
        assert (answer.status_code, answer.content) == (200, b"")
    assert log()[2:4] == sentences
    assert len([one for one in log() if not one.startswith("Notified")]) == 4
    recorded = client.get(f"{address}?recorded={key}", headers={"accept": "application/json"})
    assert [row["sku"] for row in recorded.json()] == ["bolt", "nut"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "The lines must be a list of 1 to 200 lines."),
        ({"lines": []}, "The lines must be a list of 1 to 200 lines."),
        ({"lines": {"sku": "a"}}, "The lines must be a list of 1 to 200 lines."),
        ({"lines": as_lines(a=1) * 201}, "The lines must be a list of 1 to 200 lines."),
        (
            {"lines": [*as_lines(a=1), {"sku": "b"}, "c", {"sku": "d", "quantity": 1, "note": ""}]},
            "Line 2: A line is an object with sku and quantity, and nothing else."
            " Line 3: A line is an object with sku and quantity, and nothing else."
            " Line 4: A line is an object with sku and quantity, and nothing else.",
        ),
        (
            {"lines": [{"sku": "a", "quantity": "5"}, {"sku": " b", "quantity": 1}]},
            'Line 1: The quantity must be a whole number from 1 to 2,147,483,647, but is "5".'
            " Line 2: The SKU begins or ends with a space: it has 1 to 64 visible characters.",
        ),
        (
            {"lines": [{"sku": None, "quantity": 1}]},
            "Line 1: The SKU is missing: it has 1 to 64 visible characters.",
        ),
        (
            {"lines": as_lines(a=1), "reference": "x" * 65},
            "The reference has 65 characters: it has 1 to 64 visible characters.",
        ),
        (
            {"lines": as_lines(a=1, b=10_001), "confirmed": False},
            "Line 2: Is the quantity of b really 10,001? Send it again if it is.",
        ),
        ({"lines": as_lines(a=1), "confirmed": 0}, "The field confirmed must be true or false."),
        (
            {"lines": as_lines(a=1), "note": ""},
            "The body must be JSON with no other keys than confirmed, lines, reference,"
            " but has 'note'.",
        ),
    ],
)
def test_wrong_document_of_a_program(client, db, log, body, sentence):
    answer = send(client, RECEIVE, body)
    assert (answer.status_code, answer.content.decode()) == (400, sentence)
    assert log() == []


@pytest.mark.parametrize("confirmed", [{}, {"confirmed": True}])
def test_program_means_what_it_says(client, db, log, confirmed):
    assert send(client, RECEIVE, {"lines": as_lines(a=10_001), **confirmed}).status_code == 200
    assert log() == ["Received 10,001 of a, 10,001 on hand"]


def test_refused_order_of_a_program(client, db, log):
    received("bolt", 3)
    answer = send(client, SHIP, {"lines": as_lines(bolt=3, nut=1)})
    sentence = "Line 2: Insufficient quantity on hand: there are 0."
    assert (answer.status_code, answer.content.decode()) == (400, sentence)
    assert len(log()) == 1


def test_what_was_recorded_is_asked_for_by_a_uuid(client, db):
    answer = client.get(f"{SHIP}?recorded=1", headers={"accept": "application/json"})
    assert (answer.status_code, b"a UUID" in answer.content) == (400, True)
    assert client.get(SHIP, headers={"accept": "application/json"}).json() == []


# Forms


def step(client, address=RECEIVE, **fields):
    kind = "application/x-www-form-urlencoded"
    body = urlencode(fields, doseq=True)
    return client.post(address, body, content_type=kind, headers={"accept": "text/html"})


def form(*typed, **fields):
    columns = zip(*typed, strict=True) if typed else ((), ())
    names = dict(zip(("sku", "quantity"), map(list, columns), strict=True))
    return {**names, "asked": [""] * len(typed), **fields}


def test_form_asks_for_the_quantity_and_then_gathers_the_line(client, db):
    text = step(client, **form(new_sku="bolt")).content.decode()
    assert 'name="new_quantity"' in text
    assert 'value="bolt"' in text
    assert _focused(text) == "new_quantity"
    text = step(client, **form(new_sku="bolt", new_quantity="5")).content.decode()
    assert (
        'aria-label="Quantity of line 1" autocomplete="off" inputmode="numeric" value="5"' in text
    )
    assert _focused(text) == "new_sku"


def _focused(text):
    [before, _] = text.split(" autofocus")
    return before.rpartition("<input ")[2].split('"')[1]


def test_form_goes_on_to_the_reference_where_enter_records(client, db, log):
    typed = [("bolt", "5"), ("nut", "7")]
    text = step(client, **form(*typed)).content.decode()
    assert _focused(text) == "reference"
    assert text.index('value="record"') < text.index('value="add"')
    answer = step(client, **form(*typed, reference="LS-1", do="record", next=f"{RECEIVE}?x"))
    assert (answer.status_code, answer["Location"]) == (303, f"{RECEIVE}?x")
    page = client.get(RECEIVE, headers={"accept": "text/html"}).content.decode()
    assert "Received 12 in 2 lines. New products: 2." in page
    assert log() == ["Received 5 of bolt, 5 on hand", "Received 7 of nut, 7 on hand"]


def test_form_without_a_line_records_nothing(client, db):
    answer = step(client, **form(do="record"))
    assert answer.status_code == 422
    assert "There is no line yet: scan or type a SKU." in answer.content.decode()
    assert _focused(step(client, **form(do="add")).content.decode()) == "new_sku"


def test_form_records_the_line_that_is_being_typed_too(client, db, log):
    step(client, **form(("bolt", "5"), new_sku="nut", new_quantity="7", do="record"))
    assert len(log()) == 2


def test_form_takes_a_line_away(client, db):
    text = step(client, **form(("bolt", "5"), ("nut", "7"), remove="1")).content.decode()
    assert 'value="bolt"' not in text
    assert 'value="nut"' in text


def test_form_marks_each_wrong_line_and_keeps_the_rest(client, db, log):
    received("bolt", 3)
    typed = [("bolt", "3"), ("nut", "1"), ("bolt", "x"), ("a/b", "1")]
    first = step(client, SHIP, **form(*typed, do="record")).content.decode()
    assert "Nothing was recorded: 2 of 4 lines are wrong." in first
    assert first.count('aria-invalid="true"') == 2
    assert first.index("but is &quot;x&quot;") < first.index("The SKU has a &quot;/&quot;")
    answer = step(client, SHIP, **form(*typed[:2], do="record"))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Nothing was recorded: 1 of 2 lines is wrong." in text
    assert text.count("Insufficient quantity on hand: there are 0.") == 1
    assert all(f'value="{sku}"' in text for sku in ("bolt", "nut"))
    assert len(log()) == 1


def test_form_asks_back_what_is_implausible_once(client, db, log):
    received("bolt", 3)
    question = "Is the quantity of bolt really 301? Send it again if it is."
    asked = step(client, **form(new_sku="bolt", new_quantity="301")).content.decode()
    assert question in asked
    assert 'name="new_asked" value="301"' in asked
    again = step(client, **form(new_sku="bolt", new_quantity="301", new_asked="301"))
    assert 'name="asked" value="301"' in again.content.decode()
    assert question in step(client, **form(("bolt", "301"), do="record")).content.decode()
    step(client, **{**form(("bolt", "301"), do="record"), "asked": ["301"]})
    assert log()[1:] == ["Received 301 of bolt, 304 on hand"]


def test_form_with_too_many_lines_and_one_that_is_not_whole(client, db):
    many = step(client, **form(*[("bolt", "1")] * 201, do="record"))
    assert "A document has 200 lines at most, but this has 201." in many.content.decode()
    broken = step(client, sku=["bolt"], quantity=["1", "2"], asked=[""])
    assert broken.status_code == 422
    assert "The form is incomplete" in broken.content.decode()


def test_form_sent_before_with_other_lines(client, db):
    fields = {"do": "record", "command_id": str(KEY)}
    assert step(client, **form(("bolt", "1"), **fields)).status_code == 303
    assert step(client, **form(("bolt", "1"), **fields)).status_code == 303
    answer = step(client, **form(("bolt", "2"), **fields))
    assert answer.status_code == 422
    assert "this form had been sent before" in answer.content.decode()
    assert f'name="command_id" value="{KEY}"' not in answer.content.decode()
