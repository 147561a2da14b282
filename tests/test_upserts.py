"""Rows of every kind are inserted or updated by one statement, as the ORM would write them."""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, IntegerRangeField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, connection, models, transaction
from django.db.models import F, Value
from django.db.models.functions import Now
from django.utils import timezone
from psycopg.types.range import Range

from cqrs_example.messaging import upsert

from .shapes import drop, shape

pytestmark = pytest.mark.django_db(transaction=True)
ID = uuid.UUID(int=2**100)
NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def made():
    """`made(Model)`: with its table, until the end of the test."""
    models_ = []

    def make(model):
        with connection.schema_editor() as editor:
            editor.create_model(model)
        models_.append(model)
        return model

    yield make
    if models_:
        drop(models_)


def rows(model, *fields):
    return list(model.objects.order_by("pk").values_list(*fields))


# What is written


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (models.TextField(), 'it\'s "50 %" of {x}, ü€😀\\ \n'),
        (models.TextField(), 5),
        (models.CharField(max_length=5), "abcde"),
        (models.CharField(max_length=5, choices=[("a", "A")]), "a"),
        (models.IntegerField(), -5),
        (models.IntegerField(), "5"),
        (models.SmallIntegerField(), 7),
        (models.PositiveBigIntegerField(), 2**62),
        (models.BooleanField(), True),
        (models.FloatField(), 1e22),
        (models.FloatField(), 0.1),
        (models.FloatField(), float("inf")),
        (models.DecimalField(max_digits=20, decimal_places=4), Decimal("1234567890.1000")),
        (models.DecimalField(max_digits=20, decimal_places=4), 0.5),
        (models.UUIDField(), ID),
        (models.UUIDField(), str(ID)),
        (models.DateField(), date(2026, 3, 1)),
        (models.DateField(), NOON),
        (models.DateField(), "2026-03-01"),
        (models.TimeField(), time(1, 2, 3, 4)),
        (models.DateTimeField(), NOON),
        (models.DateTimeField(), NOON.astimezone(timezone.get_fixed_timezone(-570))),
        (models.DateTimeField(), "2026-03-01T12:00:00Z"),
        (models.DurationField(), timedelta(days=-3, hours=5, microseconds=7)),
        (models.GenericIPAddressField(), "2001:db8::1"),
        (models.BinaryField(), b"\x00\xff'\\"),
        (models.JSONField(), {"a": [1, None, 0.5, "ü", {"b": True}], "%s": "%"}),
        (models.JSONField(), "text"),
        (models.JSONField(), [1]),
        (models.JSONField(), False),
        (models.JSONField(encoder=DjangoJSONEncoder), {"at": NOON, "of": Decimal("1.10")}),
        (ArrayField(models.IntegerField()), [3, 1, 2]),
        (ArrayField(models.TextField(null=True)), ["a,b", '"', "", None, "NULL", "{}"]),
        (ArrayField(models.DateField()), [date(2026, 3, 1)]),
        (ArrayField(models.UUIDField()), [ID, ID]),
        (ArrayField(models.DecimalField(max_digits=5, decimal_places=2)), [Decimal("1.10")]),
        (ArrayField(ArrayField(models.IntegerField())), [[1, 2], [3, 4]]),
        (ArrayField(models.JSONField()), [{"a": 1}, [2]]),
        (IntegerRangeField(), Range(1, 5)),
        (DateTimeRangeField(), Range(NOON, None)),
        (DateTimeRangeField(), Range(empty=True)),
    ],
    ids=lambda it: type(it).__name__ if isinstance(it, models.Field) else repr(it)[:20],
)
def test_every_type_is_as_the_orm_writes_it(made, field, value):
    field = field.clone()
    field.null = True
    model = made(shape("Thing", key=models.TextField(primary_key=True), value=field))
    model.objects.create(key="orm", value=value)
    upsert(model, [{"key": "null", "value": None}, {"key": "upsert", "value": value}])
    upsert(model, [{"key": "alone", "value": value}])
    found = dict(rows(model, "key", "value"))
    assert found["null"] is None
    assert found["alone"] == found["upsert"] == found["orm"]
    assert type(found["upsert"]) is type(found["orm"])


def test_insert_and_update_and_what_is_left_out_stays(made):
    model = made(
        shape(
            "Thing",
            key=models.TextField(primary_key=True),
            a=models.IntegerField(default=1, db_default=7),
            b=models.IntegerField(null=True),
        )
    )
    upsert(model, [{"key": "x", "b": 1}])
    upsert(model, [{"key": "y", "a": 3, "b": 4}, {"b": 2, "key": "x", "a": 8}])
    upsert(model, [{"key": "x", "b": 9}])
    upsert(model, [{"key": "x"}])
    upsert(model, [])
    assert rows(model, "key", "a", "b") == [("x", 8, 9), ("y", 3, 4)]


def test_names_that_need_quotes(made):
    model = made(
        shape(
            "Order",
            Meta={"db_table": "Order of all"},
            key=models.TextField(primary_key=True, db_column="the Key"),
            user=models.IntegerField(db_column="user"),
            there=models.IntegerField(db_column="a-b"),
            excluded=models.IntegerField(),
            row=models.IntegerField(db_column="new"),
        )
    )
    row = {"user": 1, "there": 2, "excluded": 3, "row": 4}
    for _ in range(2):
        upsert(model, [{"key": "a", **row}], add=list(row))
    assert rows(model, "key", *row) == [("a", 2, 4, 6, 8)]


def test_table_in_a_schema_of_the_search_path(made):
    model = shape("Thing", key=models.TextField(primary_key=True), value=models.IntegerField())
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA elsewhere")
        try:
            for path in ("public", "elsewhere, public"):
                cursor.execute(f"SET search_path = {path}")
                made(model)
                upsert(model, [{"key": path, "value": 1}])
                assert rows(model, "key") == [(path,)]
        finally:
            cursor.execute("SET search_path = public; DROP SCHEMA elsewhere CASCADE")


def test_key_beside_a_number_of_the_database(made):
    one = models.UniqueConstraint(fields=["day", "sku"], name="one")
    fields = {"sku": models.TextField(), "day": models.DateField(), "n": models.IntegerField()}
    model = made(shape("Day", Meta={"constraints": [one]}, **fields))
    for day in (1, 2, 1):
        upsert(model, [{"n": 2, "sku": "a", "day": date(2026, 3, day)}], add=["n"])
    assert rows(model, "day__day", "sku", "n") == [(1, "a", 4), (2, "a", 2)]


def test_key_of_two_columns(made):
    key = models.CompositePrimaryKey("sku", "day")
    fields = {"sku": models.TextField(), "day": models.IntegerField(), "n": models.IntegerField()}
    model = made(shape("Day", pk=key, **fields))
    upsert(model, [{"sku": "a", "day": 1, "n": 1}, {"sku": "a", "day": 2, "n": 2}])
    upsert(model, [{"sku": "a", "day": 1, "n": 9}])
    assert rows(model, "sku", "day", "n") == [("a", 1, 9), ("a", 2, 2)]


def test_foreign_key_by_both_names(made):
    from django.apps.registry import Apps

    registry = Apps()
    parent = made(shape("Parent", registry=registry, sku=models.TextField(primary_key=True)))
    to = models.ForeignKey(parent, models.CASCADE, db_column="of")
    child = made(shape("Child", registry=registry, key=models.TextField(primary_key=True), to=to))
    upsert(parent, [{"sku": "a"}, {"sku": "b"}])
    upsert(child, [{"key": "x", "to": "a"}])
    upsert(child, [{"key": "y", "to_id": "b"}])
    assert rows(child, "key", "to_id") == [("x", "a"), ("y", "b")]


def test_thousands_of_rows_are_one_statement(made, django_assert_num_queries):
    model = made(shape("Thing", key=models.IntegerField(primary_key=True), n=models.IntegerField()))
    for expected in (1, 2):
        with django_assert_num_queries(1):
            upsert(model, ({"key": k, "n": 1} for k in range(20_000)), add=["n"])
        assert set(rows(model, "n")) == {(expected,)}


def test_errors_come_with_the_next_statement_or_with_commit(made):
    model = made(
        shape("Thing", key=models.TextField(primary_key=True), n=models.SmallIntegerField())
    )
    with pytest.raises(IntegrityError, match="null value"), transaction.atomic():
        upsert(model, [{"key": "a"}])
    assert not model.objects.exists()


def test_two_transactions_write_rows_in_the_same_order(made):
    model = made(shape("Thing", key=models.TextField(primary_key=True)))
    upsert(model, [{"key": key} for key in ("c", "ä", "a", "b")])
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM shapes_thing ORDER BY ctid")
        assert [key for (key,) in cursor.fetchall()] == ["a", "b", "c", "ä"]


# What is refused, at once and with a sentence


@pytest.fixture
def day(made):
    constraint = models.UniqueConstraint(fields=["sku"], name="one")
    return made(
        shape(
            "Day",
            Meta={"constraints": [constraint]},
            sku=models.TextField(),
            n=models.IntegerField(null=True),
            at=models.DateTimeField(null=True),
            twice=models.GeneratedField(
                expression=F("n") * 2, output_field=models.IntegerField(), db_persist=True
            ),
        )
    )


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([{"sku": "a", "id": 5}], "The database gives shapes.Day.id its value: leave it out"),
        ([{"sku": "a", "pk": 5}], "The table of Day has no field pk."),
        ([{"sku": "a", "twice": 5}], "The database gives shapes.Day.twice its value: leave it out"),
        ([{"sku": "a", "m": 5}], "The table of Day has no field m."),
        ([{"n": 5}], "A row of Day lacks its key: sku."),
        ([{"sku": "a"}, {"sku": "b", "n": 1}], "All rows need the same fields, sku, but one has"),
        ([{"sku": "a", "n": 1}, {"sku": "b"}], "All rows need the same fields, sku, n, but one"),
        ([{"sku": "a", "n": F("n") + 1}], "cannot be written as it is"),
        ([{"sku": "a", "n": Value(1)}], "cannot be written as it is"),
        ([{"sku": "a", "at": Now()}], "cannot be written as it is"),
        ([{"sku": "a", "at": NOON.replace(tzinfo=None)}], "has no time zone"),
    ],
)
def test_wrong_rows(day, given, sentence):
    with pytest.raises(TypeError) as error:
        upsert(day, given)
    assert sentence in str(error.value)
    assert not day.objects.exists()


@pytest.mark.parametrize(("add", "named"), [("n", "n"), ("sku", "sku"), ("at", "at")])
def test_wrong_fields_to_add_to(day, add, named):
    sentence = (
        f"shapes.Day.{named} cannot be added to: name a field of the rows that is never NULL."
    )
    with pytest.raises(TypeError, match=sentence):
        upsert(day, [{"sku": "a", "n": 1}], add=[add])


def test_two_rows_with_one_key(day):
    with pytest.raises(ValueError, match=r"Two rows of Day have the key a: make one of them\."):
        upsert(day, [{"sku": sku, "n": n} for n, sku in enumerate("aba")])


def test_model_without_a_key(made):
    model = made(shape("Thing", sku=models.TextField(unique=True, null=True)))
    with pytest.raises(TypeError, match="its rows cannot be told apart"):
        upsert(model, [{"sku": "a"}])
