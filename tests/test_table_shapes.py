"""Tables of every shape are rebuilt and proven, or refused with a sentence that says why."""

import sys
from io import StringIO

import pytest
from django.apps.registry import Apps
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.db import connection, models

from cqrs_example.messaging import execute
from cqrs_example.projections import rebuild as rebuilding

from .bank.commands import Deposit, deposit
from .shapes import shape

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bank")]


@pytest.fixture(params=[1, rebuilding.AT_ONCE], ids=["row by row", "at once"])
def _at_once(request, monkeypatch):
    """How many rows a rebuild repairs in one transaction: for tests with rows to repair."""
    monkeypatch.setattr(rebuilding, "AT_ONCE", request.param)


repairing = pytest.mark.usefixtures("_at_once")


@pytest.fixture
def log(settings):
    """Three events that no projection has heard."""
    settings.PROJECTIONS = settings.POLICIES = {}
    for account in "abc":
        execute(deposit, Deposit(account, ord(account)))


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
    parent = shape("Parent", registry=registry, account=models.TextField(unique=True))
    key = models.ForeignKey(parent, models.CASCADE, **to)
    return parent, shape(
        "Child", registry=registry, account=models.TextField(unique=True), parent=key
    )


def projecting_family(parent, child):
    def project(events):
        for account in (event.data.account for event in events):
            child.objects.create(account=account, parent=parent.objects.create(account=account))

    return project


def test_foreign_key_to_a_number_that_the_database_gives_is_refused(log, shaped):
    parent, child = family()
    name = shaped(projecting_family(parent, child), parent, child)
    parent.objects.create(account="z")
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
    assert parent.objects.get().account == "z"


@repairing
def test_foreign_key_to_what_else_is_unique(log, shaped):
    parent, child = family(to_field="account")
    name = shaped(projecting_family(parent, child), parent, child)
    parent.objects.create(account="c")  # it has number 1; in a replay it is 3
    call_command("check")
    rebuilt(name, rows=6)
    assert [one.parent.account for one in child.objects.order_by("account")] == ["a", "b", "c"]


# Further unique columns


def ranked(**fields):
    """Ranks in the order of the events; the key is a field that is given, or automatic."""
    rank = models.IntegerField(unique=True)
    return shape("Ranked", registry=fields.pop("registry", None), **fields, rank=rank)


def ranking(model):
    def project(events):
        there = model.objects.count()
        for rank, event in enumerate(events, there + 1):
            model.objects.create(account=event.data.account, rank=rank)

    return project


@repairing
@pytest.mark.parametrize("primary", [True, False])
def test_rows_that_have_to_change_places(log, shaped, primary):
    key = {"primary_key": True} if primary else {"unique": True}
    model = ranked(account=models.TextField(**key))
    name = shaped(ranking(model), model)
    with connection.cursor() as cursor:  # the columns that an index carries keep no rows apart
        cursor.execute("CREATE UNIQUE INDEX ON shapes_ranked (rank) INCLUDE (account)")
        cursor.execute("ALTER TABLE shapes_ranked DROP CONSTRAINT shapes_ranked_rank_key")
    rebuilt(name)
    right = list(model.objects.order_by("rank").values_list("account", "rank"))
    swap(model)
    assert ": 2 rows changed," in rebuilt(name)
    assert list(model.objects.order_by("rank").values_list("account", "rank")) == right


def swap(model):
    model.objects.filter(rank=1).update(rank=9)
    model.objects.filter(rank=2).update(rank=1)
    model.objects.filter(rank=9).update(rank=2)


@repairing
def test_rows_that_have_to_change_places_under_a_deferred_foreign_key(log, shaped):
    registry = Apps()
    model = ranked(registry=registry, account=models.TextField(primary_key=True))
    note = shape("Note", registry=registry, of=models.ForeignKey(model, models.CASCADE))
    name = shaped(ranking(model), model, beside=[note])
    rebuilt(name)
    note.objects.create(of_id="a")
    swap(model)
    assert ": 2 rows changed," in rebuilt(name)
    assert note.objects.get().of.rank == 1


@repairing
@pytest.mark.parametrize(
    ("key", "referenced"),
    [
        ({"unique": True}, "bigint REFERENCES shapes_ranked (id) DEFERRABLE INITIALLY DEFERRED"),
        ({"primary_key": True}, "text REFERENCES shapes_ranked"),
        (
            {"primary_key": True},
            "text REFERENCES shapes_ranked ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED",
        ),
    ],
    ids=["the number", "at once", "cascade"],
)
def test_rows_that_cannot_change_places(log, shaped, key, referenced):
    model = ranked(account=models.TextField(**key))
    name = shaped(ranking(model), model)
    with connection.cursor() as cursor:  # the columns that an index carries keep no rows apart
        cursor.execute("CREATE UNIQUE INDEX ON shapes_ranked (rank) INCLUDE (account)")
        cursor.execute("ALTER TABLE shapes_ranked DROP CONSTRAINT shapes_ranked_rank_key")
    rebuilt(name)
    sql(f'CREATE TABLE note ("of" {referenced})')
    sql(f'INSERT INTO note SELECT "{model._meta.pk.column}" FROM shapes_ranked')
    try:
        swap(model)
        told = run("rebuild", name)
        assert "Rows of public.shapes_ranked cannot swap values: duplicate key value" in told
        assert "foreign keys do not allow: note_of_fkey of note." in told
        model.objects.filter(rank=3).update(rank=4)
        swap(model)
        assert ": 1 row changed," in run("rebuild", name)  # there is room for this one
        sql("SELECT 1 / (count(*) = 3)::int FROM note")
    finally:
        sql("DROP TABLE note")


# Keys, constraints, defaults


def listing(model, **values):
    """One row for each event, with its SKU."""

    def project(events):
        for event in events:
            model.objects.create(account=event.data.account, **values)

    return project


def test_unique_together_tells_rows_apart(log, shaped):
    together = {"unique_together": [("account", "place")]}
    model = shape("Together", account=models.TextField(), place=models.TextField(), Meta=together)
    rebuilt(shaped(listing(model, place="here"), model))


@pytest.mark.parametrize(
    "fields",
    [
        {"account": models.TextField()},
        {"account": models.TextField(unique=True, null=True)},
        {
            "account": models.TextField(),
            "Meta": {
                "constraints": [
                    models.UniqueConstraint(
                        fields=["account"], name="late", deferrable=models.Deferrable.DEFERRED
                    )
                ]
            },
        },
    ],
    ids=["nothing", "what may be NULL", "what is unique later"],
)
def test_rows_that_cannot_be_told_apart(log, shaped, fields):
    model = shape("Alike", **fields)
    sentence = "shapes.Alike has an automatic primary key and nothing unique beside it"
    assert sentence in run("rebuild", shaped(listing(model), model))


@repairing
def test_exclusion_constraint(log, shaped):
    """Rows that it keeps apart can change places too."""
    model = shape("Ranked", account=models.TextField(primary_key=True), rank=models.IntegerField())
    name = shaped(ranking(model), model)
    sql("ALTER TABLE shapes_ranked ADD EXCLUDE USING gist (int4range(rank, rank, '[]') WITH &&)")
    rebuilt(name)
    swap(model)
    assert ": 2 rows changed," in rebuilt(name)


def test_serial_key(log, shaped):
    """As Django made them before 4.1."""
    model = shape("Serial", account=models.TextField(unique=True))
    name = shaped(listing(model), model)
    sql(
        "ALTER TABLE shapes_serial ALTER id DROP IDENTITY; CREATE SEQUENCE of_a_test"
        " OWNED BY shapes_serial.id;"
        "ALTER TABLE shapes_serial ALTER id SET DEFAULT nextval('of_a_test')"
    )
    rebuilt(name)


@repairing
def test_parents(log, shaped):
    registry = Apps()
    parent = shape("Thing", registry=registry, account=models.TextField(primary_key=True))
    child = shape("Heavy", parent, registry=registry, weight=models.IntegerField())
    name = shaped(listing(child, weight=7), parent, child)
    rebuilt(name, rows=6)
    child.objects.filter(account="a").update(weight=8)
    parent.objects.create(account="z")
    assert ": 2 rows changed," in rebuilt(name, rows=6)


def test_parents_with_a_number(log, shaped):
    registry = Apps()
    parent = shape("Thing", registry=registry, account=models.TextField(unique=True))
    child = shape("Heavy", parent, registry=registry, weight=models.IntegerField())
    name = shaped(listing(child, weight=7), parent, child)
    assert "shapes.Heavy.thing_ptr points to shapes.Thing.id, a number" in run("rebuild", name)


def test_proxy(log, shaped):
    registry = Apps()
    model = shape("Thing", registry=registry, account=models.TextField(unique=True))
    proxy = shape("Proxy", model, registry=registry, Meta={"proxy": True})
    name = shaped(listing(proxy), model)
    sys.modules["shaped_projection"].MODELS = [proxy]
    rebuilt(name)
