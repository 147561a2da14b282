"""What of a command is kept in the metadata of its events: in one form, and no secrets."""

import os
import subprocess
import sys
from dataclasses import dataclass, field, make_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from django.db import connection

from cqrs_example.eventstore import RecordedEvent, StreamName, read
from cqrs_example.eventstore.codecs import as_json, recorded_fields
from cqrs_example.messaging import CommandIdReused, Context, Repeated, Transaction, execute

SECRETS = [
    *("password", "new_password", "password1", "Passphrase", "pwd", "secret", "client_secret"),
    *("token", "csrf_token", "apiKey", "api_key", "private_key", "credentials", "security_code"),
    *("card_number", "cardnumber", "credit_card", "cvc", "cvv", "pin", "user_pin", "otp", "ssn"),
]
NO_SECRETS = [
    *("sku", "author", "keyboard", "opinion", "shipping", "passenger_name", "spinning", "company"),
    *("secretary", "discard", "pinned", "quantity"),
]


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Registered:
    type: ClassVar[str] = "test.Registered"
    schema_version: ClassVar[int] = 1
    name: str


@dataclass(frozen=True)
class Card:
    holder: str
    number: str = field(metadata={"recorded": False})


@dataclass(frozen=True)
class Register:
    name: str
    password: str = ""
    colours: frozenset[Colour] = frozenset()
    words: frozenset[str] = frozenset()
    prices: dict[Any, Decimal] = field(default_factory=dict)
    card: Card | None = None
    reason: str = field(default="", metadata={"recorded": False})
    token_count: int = field(default=0, metadata={"recorded": True})


def person_stream(name: str) -> StreamName[Registered]:
    return StreamName(f"person-{name}")


def handle(tx: Transaction, command: Register) -> list[RecordedEvent[Registered]]:
    [stream] = tx.lock(person_stream(command.name))
    return tx.append(stream, [Registered(command.name)])


@pytest.fixture(autouse=True)
def _wired(settings: Any) -> None:
    settings.EVENTS = [__name__]
    settings.PROJECTIONS, settings.POLICIES = {}, {}


FULL = Register(
    name="ann",
    password="swordfish-1",
    colours=frozenset(Colour),
    words=frozenset("abcdefgh"),
    prices={Colour.RED: Decimal("1.50"), 7: Decimal(2)},
    card=Card("Ann", "4111-swordfish-2"),
    reason="swordfish-3",
    token_count=3,
)


@pytest.mark.django_db(transaction=True)
def test_what_is_kept_of_a_command() -> None:
    execute(handle, FULL, Context())
    [event] = read(person_stream("ann"))
    assert event.metadata["command"]["fields"] == {
        "name": "ann",
        "colours": ["blue", "red"],
        "words": [*"abcdefgh"],
        "prices": {"red": "1.50", "7": "2"},
        "card": {"holder": "Ann"},
        "token_count": 3,
    }


@pytest.mark.django_db(transaction=True)
def test_no_table_holds_what_is_not_to_be_recorded(everything: Any) -> None:
    execute(handle, FULL, Context())
    assert "swordfish" not in repr(everything())


@pytest.mark.parametrize("name", SECRETS)
def test_passwords_and_the_like_are_never_kept_by_default(name: str) -> None:
    command = make_dataclass("Send", [name, "sku", "inner"], frozen=True)
    inner = {name: "x", "list": [{name: "y", "sku": 1}]}
    kept = recorded_fields(command("secret", "abc", inner))
    assert kept == {"sku": "abc", "inner": {"list": [{"sku": 1}]}}


@pytest.mark.parametrize("name", NO_SECRETS)
def test_what_only_looks_a_little_like_it_is_kept(name: str) -> None:
    assert recorded_fields(make_dataclass("Send", [name])("a")) == {name: "a"}


@pytest.mark.django_db(transaction=True)
def test_a_secret_does_not_make_it_another_command() -> None:
    """It is not in the log, so nobody can tell."""
    context = Context(uuid4())
    execute(handle, Register("ann", "one"), context)
    assert isinstance(execute(handle, Register("ann", "two"), context), Repeated)
    with pytest.raises(CommandIdReused):
        execute(handle, Register("bob", "one"), context)


ELSEWHERE = """
import django
from uuid import UUID
django.setup()
from django.conf import settings
settings.EVENTS = ["tests.test_commands_in_the_log"]
settings.PROJECTIONS, settings.POLICIES = {}, {}
from tests.test_commands_in_the_log import FULL, handle
from cqrs_example.messaging import Context, execute
print(type(execute(handle, FULL, Context(UUID(%r)))).__name__)
"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_command_with_sets_is_the_same_in_other_processes() -> None:
    """Each process has an order of its own for the elements of a set."""
    key = uuid4()
    execute(handle, FULL, Context(key))
    for seed in ("1", "2", "3"):
        assert in_another_process(ELSEWHERE % str(key), seed) == "Repeated"


def in_another_process(script: str, seed: str) -> str:
    settings = connection.settings_dict
    where = {"dbname": settings["NAME"], "host": settings["HOST"], "port": settings["PORT"]}
    where |= {"user": settings["USER"], "password": settings["PASSWORD"]}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parent.parent,
        env={
            **os.environ,
            "PYTHONHASHSEED": seed,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": " ".join(f"{key}='{value}'" for key, value in where.items() if value),
            "DEBUG": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_one_text_for_one_value() -> None:
    at = datetime(2024, 2, 29, tzinfo=UTC)
    assert as_json({"at": at, "what": {Decimal("1.0")}}) == (
        '{"at": "2024-02-29T00:00:00+00:00", "what": ["1.0"]}'
    )
