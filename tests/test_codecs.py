"""What an event may hold reads back as it was, and everything else is refused with a sentence."""

import enum
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, field, make_dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from types import ModuleType, SimpleNamespace
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, NewType, Optional, TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.core.checks import run_checks
from django.db import models, transaction
from django.utils.safestring import SafeString
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from cqrs_example.eventstore import append, lock, read, read_all
from cqrs_example.eventstore.codecs import CODECS, Codec, recorded_fields, written
from cqrs_example.eventstore.contracts import decode
from cqrs_example.inspection.as_python import as_python

BERLIN = ZoneInfo("Europe/Berlin")
NUMBERS = iter(range(1, 1_000_000))


class Colour(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Planet(enum.Enum):
    EARTH = (5.97e24, 6.37e6)
    MARS = (6.42e23, 3.39e6)


class Mixed(enum.Enum):
    TEXT = "1"
    NUMBER = 1


class Rights(enum.IntFlag):
    READ = 1
    WRITE = 2


class Kind(models.TextChoices):
    BOOK = "book", "A book"
    DISC = "disc", "A disc"


class Size(models.IntegerChoices):
    SMALL = 1, "Small"
    LARGE = 2, "Large"


class Grade(Decimal, enum.Enum):
    GOOD = "1.5"
    BAD = "4.0"


class Line(TypedDict):
    sku: str
    quantity: int


class Pair(NamedTuple):
    left: int
    right: int


Sku = NewType("Sku", str)


class Barcode(str):
    """A type of a project's own, without a codec."""


@dataclass(frozen=True)
class Money:
    amount: Decimal
    currency: Literal["EUR", "USD"] = "EUR"


@dataclass(frozen=True)
class Item:
    name: str
    price: Money
    colours: tuple[Colour, ...] = ()
    parts: tuple["Item", ...] = ()


@dataclass(frozen=True)
class Told:
    """One field of each kind that reads back as it is."""

    type: ClassVar[str] = "test.Told"
    schema_version: ClassVar[int] = 1
    text: str = ""
    sku: Sku = Sku("")
    number: int = 0
    yes: bool = False
    weight: float = 0.0
    price: Decimal = Decimal(0)
    id: UUID | None = None
    day: date = date(2024, 2, 29)
    at: datetime | None = None
    clock: time = time()
    took: timedelta = timedelta()
    colour: Colour | None = None
    level: Level = Level.LOW
    planet: Planet = Planet.EARTH
    mixed: Mixed = Mixed.TEXT
    rights: Rights = Rights.READ
    kind: Kind = Kind.BOOK
    size: Size = Size.SMALL
    grade: Grade = Grade.GOOD
    word: Literal["a", "b"] = "a"
    literal: Literal[Colour.RED] | None = None
    item: Item | None = None
    items: list[Item] = field(default_factory=list)
    prices: list[Decimal | None] = field(default_factory=list)
    place: tuple[float, float, str] = (0.0, 0.0, "")
    days: tuple[date, ...] = ()
    plain_tuple: tuple[Any, ...] = ()
    names: set[str] = field(default_factory=set)
    ids: frozenset[UUID] = frozenset()
    levels: frozenset[Level] = frozenset()
    by_day: dict[date, list[Money]] = field(default_factory=dict)
    by_number: dict[int, Planet] = field(default_factory=dict)
    by_level: dict[Level, str] = field(default_factory=dict)
    by_planet: Mapping[Planet, int] = field(default_factory=dict)
    by_kind: dict[Kind, Optional[timedelta]] = field(default_factory=dict)  # noqa: UP045 (both)
    sequence: Sequence[time] = field(default_factory=list)
    grid: list[tuple[int, ...]] = field(default_factory=list)
    line: Line | None = None
    noted: Annotated[Decimal, "of the day"] = Decimal(1)
    anything: Any = None


@pytest.fixture(autouse=True)
def contracts(settings):
    settings.EVENTS = [__name__]


def stored(*events):
    """The events as Postgres gives them back."""
    name = f"told-{next(NUMBERS)}"
    with transaction.atomic():
        [stream] = lock(name)
        recorded = append(stream, events)
    again = list(read(name))
    assert [event.data for event in recorded] == [event.data for event in again]
    return [event.data for event in again]


texts = some.text(some.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
decimals = some.decimals(allow_nan=False, places=None)
offsets = some.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
zones = some.none() | some.timezones() | offsets
moments = some.datetimes(timezones=zones, allow_imaginary=True).filter(
    # The clock of a zone says which of two hours it is; without a zone nothing does.
    lambda at: at.tzinfo or not at.fold
)
clocks = some.times(timezones=some.none() | some.just(UTC) | offsets).filter(
    lambda clock: clock.tzinfo or not clock.fold
)
durations = some.timedeltas()
money = some.builds(Money, decimals, some.sampled_from(["EUR", "USD"]))
leaves = some.builds(Item, texts, money, some.lists(some.sampled_from(Colour)).map(tuple))
items = some.recursive(
    leaves,
    lambda parts: some.builds(Item, texts, money, parts=some.lists(parts, max_size=3).map(tuple)),
    max_leaves=5,
)
plain = some.recursive(
    some.none() | some.booleans() | some.integers() | texts,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
numbers = some.floats(allow_nan=False, allow_infinity=False)
told = some.builds(
    Told,
    text=texts,
    sku=texts,
    number=some.integers(),
    yes=some.booleans(),
    weight=numbers,
    price=decimals,
    id=some.none() | some.uuids(),
    day=some.dates(),
    at=some.none() | moments,
    clock=clocks,
    took=durations,
    colour=some.none() | some.sampled_from(Colour),
    level=some.sampled_from(Level),
    planet=some.sampled_from(Planet),
    mixed=some.sampled_from(Mixed),
    rights=some.sampled_from([*Rights, Rights.READ | Rights.WRITE, Rights(0)]),
    kind=some.sampled_from(Kind),
    size=some.sampled_from(Size),
    grade=some.sampled_from(Grade),
    word=some.sampled_from("ab"),
    literal=some.none() | some.just(Colour.RED),
    item=some.none() | items,
    items=some.lists(leaves, max_size=3),
    prices=some.lists(some.none() | decimals, max_size=3),
    place=some.tuples(numbers, numbers, texts),
    days=some.lists(some.dates(), max_size=3).map(tuple),
    plain_tuple=some.lists(plain, max_size=3).map(tuple),
    names=some.sets(texts, max_size=3),
    ids=some.frozensets(some.uuids(), max_size=3),
    levels=some.frozensets(some.sampled_from(Level)),
    by_day=some.dictionaries(some.dates(), some.lists(money, max_size=2), max_size=2),
    by_number=some.dictionaries(some.integers(), some.sampled_from(Planet), max_size=2),
    by_level=some.dictionaries(some.sampled_from(Level), texts),
    by_planet=some.dictionaries(some.sampled_from(Planet), some.integers()),
    by_kind=some.dictionaries(some.sampled_from(Kind), some.none() | durations),
    sequence=some.lists(clocks, max_size=3),
    grid=some.lists(some.lists(some.integers(), max_size=2).map(tuple), max_size=2),
    line=some.none() | some.fixed_dictionaries({"sku": texts, "quantity": some.integers()}),
    noted=decimals,
    anything=plain,
)


def exact(value):
    """What `==` passes over: types, all the way down, and which of two hours a clock shows."""
    if isinstance(value, (datetime, time)):
        zone = None if value.tzinfo is None else value.utcoffset()
        return (type(value), value.replace(tzinfo=None, fold=0), zone)
    if hasattr(value, "__dataclass_fields__"):
        return (type(value), [exact(getattr(value, name)) for name in value.__dataclass_fields__])
    if isinstance(value, dict):
        return {key: (type(key), exact(one)) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return (type(value), [exact(one) for one in value])
    if isinstance(value, (set, frozenset)):
        return (type(value), {(type(one), one) for one in value})
    return (type(value), value)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(some.lists(told, min_size=1, max_size=3))
@example(
    [Told(took=timedelta.max), Told(took=timedelta.min), Told(took=-timedelta(microseconds=1))]
)
@example([Told(at=datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN, fold=fold)) for fold in (0, 1)])
@example([Told(at=datetime.min.replace(tzinfo=BERLIN)), Told(at=datetime.max.replace(tzinfo=UTC))])
@example([Told(weight=1e22, place=(1e300, 5e-324, "\\u0000 and \\"))])
def test_what_an_event_may_hold_reads_back_as_it_was(events):
    again = stored(*events)
    assert exact(again) == exact(events)
    assert exact(made_from(as_python(SimpleNamespace(data=event) for event in again))) == exact(
        again
    )


def made_from(text):
    """What the beginning of a test, as `manage.py events stream --as-python` writes it, makes."""
    names = {}
    exec(text, names)
    return names["given"]


def test_one_order_and_forms_that_other_programs_can_read():
    at = datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN, fold=1)
    event = Told(
        at=at,
        took=timedelta(days=1, seconds=90),
        colour=Colour.RED,
        planet=Planet.MARS,
        level=Level.HIGH,
        names={"b", "c", "a"},
        item=Item("box", Money(Decimal("1.50"))),
        by_level={Level.LOW: "low"},
    )
    data = written(event)
    assert data["at"] == "2024-10-27T02:30:00+01:00"
    assert data["took"] == "P1DT00H01M30S"
    assert (data["colour"], data["planet"], data["level"]) == ("red", "MARS", 2)
    assert data["names"] == ["a", "b", "c"]
    price = {"amount": "1.50", "currency": "EUR"}
    assert data["item"] == {"name": "box", "price": price, "colours": [], "parts": []}
    assert data["by_level"] == {"1": "low"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        # The value is not of the type that is declared.
        ({"text": Colour.RED}, "Told.text = <Colour.RED: 'red'> would read back as 'red'"),
        ({"text": Kind.BOOK}, "would read back as 'book'"),
        ({"number": Level.HIGH}, "Told.number = <Level.HIGH: 2> would read back as 2"),
        ({"number": Decimal(3)}, "would read back as '3'"),
        ({"colour": "red"}, "Told.colour = 'red' cannot be stored: declared is Colour, given"),
        ({"colour": Kind.BOOK}, "declared is Colour, given was Kind"),
        ({"price": 1.5}, "declared is Decimal, given was float"),
        ({"price": Grade.GOOD}, "declared is Decimal, given was Grade"),
        ({"day": datetime(2024, 2, 29, tzinfo=UTC)}, "declared is date, given was datetime"),
        ({"at": date(2024, 2, 29)}, "declared is datetime, given was date"),
        ({"weight": True}, "declared is float, given was bool"),
        ({"weight": 2**53 + 1}, "would read back as"),
        ({"weight": 10**400}, "Told.weight = 1"),
        ({"item": Money(Decimal(1))}, "declared is Item, given was Money"),
        ({"items": (Item("a", Money(Decimal(1))),)}, "declared is list, given was tuple"),
        ({"days": [date(2024, 2, 29)]}, "declared is tuple, given was list"),
        ({"names": ["a"]}, "declared is set, given was list"),
        ({"names": {Colour.RED}}, "would read back as {'red'}"),
        ({"place": (1.0, 2.0)}, "Told.place = (1.0, 2.0) cannot be stored"),
        ({"by_day": {"monday": []}}, "declared is date, given was str"),
        ({"by_level": {1: "x"}}, "Told.by_level = {1: 'x'} cannot be stored: declared is Level"),
        ({"by_number": {Level.LOW: Planet.MARS}}, "would read back as {1: <Planet.MARS"),
        ({"grid": [[1]]}, "declared is tuple, given was list"),
        ({"item": Item("a", Money(Decimal("NaN")))}, "would read back as"),
        ({"clock": time(1, tzinfo=BERLIN)}, "Told.clock = "),
        ({"at": datetime(2024, 10, 27, 2, 30, fold=1)}, "fold=1) would read back as"),
        # JSON, or Postgres, has no such value.
        ({"anything": {1: "a"}}, "would read back as {'1': 'a'}"),
        ({"anything": (1,)}, "would read back as [1]"),
        ({"anything": {"a"}}, "would read back as ['a']"),
        ({"anything": {"at": 1e22}}, "would read back as {'at': 10000000000000000000000}"),
        ({"anything": UUID(int=1)}, "would read back as '00000000"),
        ({"anything": float("nan")}, "This cannot be written as JSON: Out of range float values"),
        ({"weight": float("inf")}, "This cannot be written as JSON: Out of range float values"),
        ({"anything": {(1, 2): "a"}}, "This cannot be written as JSON: keys must be str"),
        ({"number": 10**5000}, "This cannot be written as JSON"),
        ({"text": "a\0b"}, "Postgres holds no text with the character U+0000"),
        ({"anything": {"\0": 1}}, "Postgres holds no text with the character U+0000"),
        ({"text": "\ud800"}, "This cannot be written as JSON: 'utf-8' codec can't encode"),
    ],
)
def test_what_would_not_read_back_is_refused_with_a_sentence(fields, sentence):
    with pytest.raises((TypeError, ValueError), match=re.escape(sentence)), transaction.atomic():
        stored(Told(**fields))
    assert not list(read_all())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "read_as"),
    [
        ({"weight": 5}, {"weight": 5.0}),
        ({"text": SafeString("<b>")}, {"text": "<b>"}),
        ({"place": (1, 2, "")}, {"place": (1.0, 2.0, "")}),
    ],
)
def test_what_is_as_good_as_what_is_declared(fields, read_as):
    assert exact(stored(Told(**fields))) == exact([Told(**read_as)])


def contract(module, hint, name="Held", **fields):
    """An event class with a field of this type, as a project would define it."""
    namespace = {"type": f"test.{name}", "schema_version": 1}
    kind = make_dataclass(name, [("value", hint)], frozen=True, namespace=namespace, **fields)
    kind.__module__ = module.__name__
    setattr(module, name, kind)
    return kind


@pytest.fixture
def module(monkeypatch, settings):
    module = ModuleType("events_of_a_test")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    settings.EVENTS = [module.__name__]
    return module


def problems():
    """What `manage.py check` says of the events; what it says of those who hear them is no matter
    here."""
    return [one.msg for one in run_checks() if (one.id or "").startswith("eventstore.")]


@dataclass
class Changeable:
    text: str


@dataclass(frozen=True)
class Photographed:
    photo: bytes


@dataclass(frozen=True)
class Half:
    given: InitVar[int]


@dataclass(frozen=True)
class Computed:
    double: int = field(init=False, default=2)


class Measured(TypedDict):
    weight: Decimal


@pytest.mark.parametrize(
    ("hint", "sentence"),
    [
        (bytes, "events_of_a_test.Held.value: bytes has no codec: use text, numbers"),
        (Barcode, "Barcode has no codec"),
        (complex, "complex has no codec"),
        (enum.Enum, "Enum has no codec"),
        (Pair, "Pair has no codec"),
        (Measured, "Measured has no codec"),
        (Changeable, "the dataclass Changeable must be frozen"),
        (list[bytes], "bytes has no codec"),
        (dict[str, set[bytes]], "bytes has no codec"),
        (tuple[int, bytes], "bytes has no codec"),
        (bytes | None, "bytes has no codec"),
        (Decimal | str, "Decimal | str cannot be told apart when it is read"),
        (Money | Item | None, "cannot be told apart when it is read: use one type, or it | None"),
        (Literal["a", Colour.RED], "cannot be told apart"),
        (dict[Money, int], "the keys of a dict can be text, int, Enum, UUID, date or time"),
        (dict[float, int], "the keys of a dict can be text, int, Enum, UUID, date or time"),
        (dict[bytes, int], "bytes has no codec"),
        (Photographed, "Photographed.photo: bytes has no codec"),
        (list[Photographed | None], "Photographed.photo: bytes has no codec"),
        (Half, "Half.given is an InitVar"),
        (Computed, "Computed.double has init=False"),
        ("Elsewhere", "name 'Elsewhere' is not defined; import it at run time"),
    ],
)
def test_check_refuses_what_cannot_be_written_and_read(module, hint, sentence):
    contract(module, hint)
    assert sentence in " ".join(problems())


@pytest.mark.parametrize(
    "hint",
    [
        *(int, Any, Told, Item, Line, Sku, list, dict, tuple, set, Colour, Rights, dict[str, Any]),
        *(list[Item], tuple[Item, ...], frozenset[Planet], Mapping[str, Sequence[Money | None]]),
    ],
)
def test_check_takes_what_can_be_written_and_read(module, hint):
    contract(module, hint)
    assert problems() == []


@pytest.mark.django_db
def test_append_refuses_what_the_check_refuses(module):
    held = contract(module, bytes)
    sentence = r"Held.value = b'a' cannot be stored: bytes has no codec"
    with pytest.raises(TypeError, match=sentence), transaction.atomic():
        stored(held(b"a"))


@pytest.mark.django_db
def test_a_project_adds_a_type_to_the_table(module, monkeypatch):
    """In fields, in lists of it, as keys, and in commands."""
    monkeypatch.setitem(CODECS, bytes, Codec(bytes.hex, bytes.fromhex))
    event = contract(module, bytes)(b"\0a")
    lists = contract(module, list[bytes | None], "Lists")([b"b", None])
    keys = contract(module, dict[bytes, tuple[bytes, ...]], "Keys")({b"c": (b"d",)})
    assert problems() == []
    assert stored(event, lists, keys) == [event, lists, keys]
    assert written(keys) == {"value": {"63": ["64"]}}
    assert recorded_fields(Photographed(b"a")) == {"photo": "61"}


@pytest.mark.django_db
def test_a_codec_that_does_not_read_what_it_wrote_is_refused(module, monkeypatch):
    monkeypatch.setitem(CODECS, bytes, Codec(bytes.hex, bytes.fromhex))
    held = contract(module, bytes)
    monkeypatch.setitem(CODECS, bytes, Codec(bytes.hex, str.encode))
    sentence = r"Held.value = b'a' would read back as b'61'"
    with pytest.raises(TypeError, match=sentence), transaction.atomic():
        stored(held(b"a"))


@pytest.mark.django_db
def test_a_field_with_a_default_may_be_missing_in_what_is_stored():
    """It was added without a new schema version."""
    data = written(Told(colour=Colour.RED))
    del data["price"], data["levels"]
    assert decode("test.Told", 1, data) == Told(colour=Colour.RED)
