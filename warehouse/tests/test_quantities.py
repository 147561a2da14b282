"""What is implausible is asked back once; a program says whether it wants to be asked."""

import pytest
from django.test import RequestFactory

from cqrs_example.http import BadInput
from warehouse.quantities import quantity_of, questions

from .given import received, shipped

pytestmark = pytest.mark.django_db


def program(**fields):
    return RequestFactory().post("/", fields, content_type="application/json")


def person(quantity, before=""):
    return RequestFactory().post("/", {"quantity": quantity, "quantity_before": before})


def asked(request):
    with pytest.raises(BadInput) as caught:
        quantity_of(request, 1, "bolt")
    assert caught.value.field == "quantity"
    return str(caught.value)


def question(number):
    return f"Is the quantity of bolt really {number}? Send it again if it is."


def test_a_person_is_asked_once():
    assert quantity_of(person("10000"), 1, "bolt") == 10_000
    assert asked(person("10001")) == question("10,001")
    assert quantity_of(person("36000291", before="36000291"), 1, "bolt") == 36_000_291
    assert asked(person("4210000", before="36000291")) == question("4,210,000")


def test_a_program_is_asked_if_it_wants_to_be():
    many = 36_000_291
    for confirmed in ({}, {"confirmed": None}, {"confirmed": True}):
        assert quantity_of(program(quantity=many, **confirmed), 1, "bolt") == many
    assert asked(program(quantity=many, confirmed=False)) == question("36,000,291")
    assert quantity_of(program(quantity=7, confirmed=False), 1, "bolt") == 7


@pytest.mark.parametrize("confirmed", [0, 1, "true", []])
def test_what_confirms_is_true_or_false(confirmed):
    with pytest.raises(BadInput, match="must be true or false") as caught:
        quantity_of(program(quantity=1, confirmed=confirmed), 1, "bolt")
    assert caught.value.field == "confirmed"


def test_a_hundred_times_what_the_product_moved_at_once():
    assert questions({"bolt": 10_000}) == {}  # it never moved
    received("bolt", 3)
    shipped("bolt", 1)
    assert questions({"bolt": 300, "nut": 10_000}) == {}
    assert questions({"bolt": 301, "nut": 10_001}) == {
        "bolt": question("301"),
        "nut": question("10,001").replace("bolt", "nut"),
    }


def test_the_limit_is_a_setting(settings):
    settings.PLAUSIBLE_QUANTITY = 50
    assert questions({"bolt": 50}) == {}
    assert questions({"bolt": 51}) == {"bolt": question("51")}
