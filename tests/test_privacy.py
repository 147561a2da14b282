"""The drill: a person is forgotten. The log stays, the data are gone, and everything goes on."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, ClassVar

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, models
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis.strategies import characters
from hypothesis.strategies import text as some_text

from cqrs_example.eventstore import RecordedEvent, StreamName, read, read_all
from cqrs_example.inspection.as_json import as_json
from cqrs_example.messaging import Context, Repeated, Transaction, execute
from cqrs_example.privacy import forgetting
from cqrs_example.privacy.checks import check_privacy
from cqrs_example.privacy.events import PersonForgotten
from cqrs_example.privacy.forgetting import forget
from cqrs_example.privacy.keys import Forgotten
from cqrs_example.privacy.management.commands.forget import Command as Forget
from cqrs_example.privacy.models import PersonKey
from cqrs_example.privacy.personal import ERASED, Personal, reveal, seal

from .shapes import shape

texts = some_text(characters(exclude_characters="\0", exclude_categories=["Cs"]))
KEPT = ("Ann Smith", "ann@example.org", "Elm Street 1")


@dataclass(frozen=True)
class Registered:
    type: ClassVar[str] = "test.Registered"
    schema_version: ClassVar[int] = 1
    name: Personal
    email: Personal | None = None
    addresses: tuple[Personal, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} registered"


@dataclass(frozen=True)
class Register:
    name: Personal
    email: Personal | None = None
    addresses: tuple[Personal, ...] = ()


def customer_stream(person: str) -> StreamName[Registered]:
    return StreamName(f"customer-{person}")


def register(tx: Transaction, command: Register) -> list[RecordedEvent[Registered]]:
    [stream] = tx.lock(customer_stream(command.name.person))
    return tx.append(stream, [Registered(command.name, command.email, command.addresses)])


def ann(person: str = "7") -> Register:
    name, email, street = (seal(person, text) for text in KEPT)
    return Register(name, email, (street,))


Customer = shape("Customer", person=models.TextField(primary_key=True), name=models.TextField())


def project(events: Sequence[RecordedEvent[Registered | PersonForgotten]]) -> None:
    for event in events:
        match event.data:
            case Registered(name=name):
                Customer.objects.update_or_create(person=name.person, defaults={"name": str(name)})
            case PersonForgotten(person):
                Customer.objects.filter(person=person).update(name=ERASED)


def project_without_hearing(events: Sequence[RecordedEvent[Registered]]) -> None:
    project(events)


@pytest.fixture(autouse=True)
def _installed(transactional_db: None, settings: Any) -> Iterator[None]:
    """The application has no use for the block: it is there for these tests."""
    settings.EVENTS = [__name__, "cqrs_example.privacy.events"]
    settings.PROJECTIONS, settings.POLICIES = {}, {}
    with connection.schema_editor() as editor:
        editor.create_model(PersonKey)
    yield
    with connection.schema_editor() as editor:
        editor.delete_model(PersonKey)


@pytest.fixture
def customers(shaped: Any) -> Any:
    """A read model that hears when somebody is forgotten."""
    shaped(project, Customer)
    return lambda: dict(Customer.objects.values_list("person", "name"))


@pytest.fixture
def deaf(shaped: Any) -> Any:
    """A read model that does not."""
    shaped(project_without_hearing, Customer)
    return lambda: dict(Customer.objects.values_list("person", "name"))


def test_drill(customers: Any, rows: Any) -> None:
    execute(register, ann("7"), Context())
    execute(register, Register(seal("8", "Bob")), Context())
    assert customers() == {"7": "Ann Smith", "8": "Bob"}
    log = rows("SELECT * FROM eventstore_event ORDER BY position")

    call_command(Forget(), "7")

    [*before, event] = rows("SELECT * FROM eventstore_event ORDER BY position")
    assert before == log  # the log stays as it is
    assert "Ann" not in repr(event)
    assert customers() == {"7": "erased", "8": "Bob"}
    [registered] = read(customer_stream("7"))
    assert str(registered) == "erased registered"
    assert str(registered.data.email) == "erased"
    assert reveal(registered.data.addresses) == ["erased"]
    assert [str(event) for event in read_all()][1:] == ["Bob registered", "7 was forgotten"]

    call_command("verify")
    Customer.objects.all().delete()
    call_command("rebuild", "shaped")
    call_command("verify")
    assert customers() == {"7": "erased", "8": "Bob"}


def test_nothing_but_a_read_model_holds_the_clear_text(customers: Any, rows: Any) -> None:
    execute(register, ann(), Context())
    tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    for (name,) in rows(tables):
        content = repr(rows(f'SELECT * FROM "{name}"'))
        assert name == "shapes_customer" or not any(text in content for text in KEPT), name
    [event] = read_all()
    exported = json.dumps(as_json(event))
    assert not any(text in exported + repr(event) for text in KEPT)
    assert event.metadata["command"]["fields"]["name"]["person"] == "7"


def test_read_model_that_does_not_hear_of_it_is_found_and_rebuilt(deaf: Any) -> None:
    execute(register, ann(), Context())
    call_command(Forget(), "7", stdout=(said := StringIO()))
    assert "still have the clear text: run manage.py rebuild shaped." in (said.getvalue())
    assert deaf() == {"7": "Ann Smith"}
    with pytest.raises((CommandError, SystemExit)):
        call_command("verify")
    call_command("rebuild", "shaped")
    call_command("verify")
    assert deaf() == {"7": "erased"}


def test_repeated_command_is_known_again(customers: Any) -> None:
    context = Context()
    execute(register, ann(), context)
    assert isinstance(execute(register, ann(), context), Repeated)
    forget("7")
    [event] = read(customer_stream("7"))
    assert isinstance(
        execute(
            register, Register(event.data.name, event.data.email, event.data.addresses), context
        ),
        Repeated,
    )


def test_forgotten_twice_and_nobody_known() -> None:
    seal("7", "Ann")
    call_command(Forget(), "7", stdout=(said := StringIO()))
    call_command(Forget(), "7", stdout=said)
    assert said.getvalue() == "7 is forgotten.\n7 was forgotten before.\n"
    assert len(list(read_all())) == 1
    with pytest.raises(CommandError, match="no key of '8': nothing was sealed for this person"):
        call_command(Forget(), "8")
    with pytest.raises(Forgotten, match=r"^7 was forgotten on \d{4}-\d\d-\d\d: a person who"):
        seal("7", "Ann")
    assert PersonKey.objects.get().key is None


def test_interrupted_between_the_key_and_the_event() -> None:
    seal("7", "Ann")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forgetting, "settled_position", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            forget("7")
    assert not list(read_all())
    assert forget("7")
    assert [str(event) for event in read_all()] == ["7 was forgotten"]


def test_command_that_read_the_key_and_has_not_committed_yet(shaped: Any) -> None:
    """Its row in the read model is clear text; `forget` waits for it, and has it erased."""
    written, go_on, forgetting_pid = threading.Event(), threading.Event(), []

    def slow(events: Sequence[RecordedEvent[Registered | PersonForgotten]]) -> None:
        project(events)
        if threading.current_thread() is writer:
            assert Customer.objects.get().name == "Ann Smith"
            written.set()
            assert go_on.wait(60)

    def do_forget() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            forgetting_pid.append(cursor.fetchone()[0])
        forget("7")

    shaped(slow, Customer)
    command = ann()
    writer, eraser = thread(lambda: execute(register, command)), thread(do_forget)
    writer.start()
    assert written.wait(60)
    eraser.start()
    while eraser.is_alive() and not (forgetting_pid and asks_who_writes(forgetting_pid[0])):
        pass
    go_on.set()
    writer.join(60)
    eraser.join(60)
    assert [row.name for row in Customer.objects.all()] == ["erased"]


def thread(work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    return threading.Thread(target=run)


def asks_who_writes(pid: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [pid])
        return any("pg_locks" in query for (query,) in cursor.fetchall())


def test_a_new_person_gets_one_key_from_all_at_once() -> None:
    sealed = []
    threads = [thread(lambda: sealed.append(seal("7", "Ann"))) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert len(sealed) == 8
    assert len(set(sealed)) == 1


@how(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(texts, texts)
def test_any_text_of_any_person(text: str, person: str) -> None:
    sealed = seal(f"p-{person}", text)
    assert str(sealed) == text
    assert sealed == seal(sealed.person, text)
    assert len(text) < 4 or text not in sealed.sealed


def test_what_was_changed_is_no_text_of_somebody() -> None:
    sealed, other = seal("7", "Ann"), seal("8", "Ann")
    assert sealed.sealed != other.sealed
    moved = Personal("8", sealed.sealed)
    assert str(moved) == ERASED  # sealed with a key that person 8 does not have
    number, _, secret = sealed.sealed.partition(":")
    for broken in ("AAAA", "no base 64", secret[:-8], "A" * len(secret)):
        with pytest.raises(ValueError, match="was changed after it was sealed"):
            str(Personal("7", f"{number}:{broken}"))


def test_row_deleted_by_hand_is_a_key_forgotten() -> None:
    sealed = seal("7", "Ann")
    PersonKey.objects.all().delete()
    assert str(sealed) == ERASED
    assert str(seal("7", "Ann again")) == "Ann again"
    assert str(sealed) == ERASED


def test_texts_of_many_persons_take_one_query(django_assert_num_queries: Any) -> None:
    sealed = [seal(str(number % 10), f"text {number}") for number in range(100)]
    with django_assert_num_queries(1):
        assert reveal(sealed) == [f"text {number}" for number in range(100)]


def messages() -> list[str]:
    return [one.msg for one in check_privacy()]


def test_check_says_what_is_missing(settings: Any, deaf: Any) -> None:
    [warning] = messages()
    assert warning.startswith("The projection 'shaped' hears events with personal data, but not")
    settings.EVENTS = [__name__]
    assert messages() == [
        "settings.EVENTS must name 'cqrs_example.privacy.events': `forget` records an event of it."
    ]


def test_check_has_nothing_to_say(customers: Any) -> None:
    assert messages() == []
