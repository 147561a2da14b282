"""Tables of every shape are rebuilt and proven, or refused with a sentence that says why."""

from io import StringIO

import pytest
from django.apps.registry import Apps
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import connection, models

from cqrs_example.messaging import execute
from warehouse.increase_product_quantity.command import IncreaseProductQuantity
from warehouse.increase_product_quantity.command import handle as increase

from .shapes import shape

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def log(settings):
    """Three events that no projection has heard."""
    settings.PROJECTIONS = settings.POLICIES = {}
    for sku in "abc":
        execute(increase, IncreaseProductQuantity(sku, ord(sku)))


def run(action, *names):
    out = StringIO()
    try:
        call_command(action, *names, stdout=out)
    except CommandError:
        return out.getvalue()
    assert "not done" not in out.getvalue()
    return out.getvalue()


def rebuilt(name, rows=3):
    """What a rebuild says; a verification agrees, and a second rebuild changes nothing."""
    told = run("rebuild", name)
    assert "not done" not in told, told
    assert f"{rows} rows agree with 3 events" in run("verify", name)
    assert "0 rows changed" in run("rebuild", name)
    return told


def sql(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


# Foreign keys


def family(**to):
    registry = Apps()
    parent = shape("Parent", registry=registry, sku=models.TextField(unique=True))
    key = models.ForeignKey(parent, models.CASCADE, **to)
    return parent, shape("Child", registry=registry, sku=models.TextField(unique=True), parent=key)


def projecting_family(parent, child):
    def project(events):
        for sku in (event.data.sku for event in events):
            child.objects.create(sku=sku, parent=parent.objects.create(sku=sku))

    return project


def test_foreign_key_to_a_number_that_the_database_gives_is_refused(log, shaped):
    parent, child = family()
    name = shaped(projecting_family(parent, child), parent, child)
    parent.objects.create(sku="z")
    sentence = (
        "shapes.Child.parent points to shapes.Parent.id, a number that the database gives and a"
        " replay gives anew. Let it point to what else is unique there (to_field), or give"
        " shapes.Parent a primary key that the events tell."
    )
    with pytest.raises(SystemCheckError) as failure:
        call_command("check")
    assert f"settings.PROJECTIONS['shaped']: {sentence}" in str(failure.value)
    assert sentence in run("rebuild", name)
    assert sentence in run("verify", name)
    assert parent.objects.get().sku == "z"


def test_foreign_key_to_what_else_is_unique(log, shaped):
    parent, child = family(to_field="sku")
    name = shaped(projecting_family(parent, child), parent, child)
    parent.objects.create(sku="c")  # it has number 1; in a replay it is 3
    call_command("check")
    rebuilt(name, rows=6)
    assert [one.parent.sku for one in child.objects.order_by("sku")] == ["a", "b", "c"]
