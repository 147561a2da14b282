"""What only looks on fails nothing: neither a command, nor a handler, nor a delivery."""

import os
import sys
from collections.abc import Generator, Iterator, Sequence
from functools import partial
from typing import Any

import pytest
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from cqrs_example.eventstore import read_all
from cqrs_example.inspection.models import RefusedCommand
from cqrs_example.messaging import DomainError, execute
from cqrs_example.messaging import observing as observers
from cqrs_example.messaging.observing import observing
from cqrs_example.telemetry import metrics
from dev.modes import chosen_mode, settings_of

from .bank.commands import Deposit, Withdraw, deposit, withdraw
from .racing import all_at_once
from .serving import Server
from .subscribing import Subscribed, add, working

BLOCKS = "cqrs_example"


@pytest.fixture(autouse=True)
def nothing_said() -> None:
    observers._said.clear()


def fail() -> None:
    raise OSError(28, "No space left on device")


@observing
def fails_before(*arguments: object) -> Generator[None, None, None]:
    fail()
    yield


@observing
def fails_after(*arguments: object) -> Generator[None, None, None]:
    yield
    fail()


@observing
def fails_at_a_failure(*arguments: object) -> Generator[None, None, None]:
    try:
        yield
    except Exception:
        fail()


@observing
def swallows(*arguments: object) -> Generator[None, None, None]:
    try:
        yield
    except Exception:
        return


KINDS = ["fails_before", "fails_after", "fails_at_a_failure", "swallows"]


def balance() -> int:
    return sum(getattr(event.data, "amount", 0) for event in read_all())


@pytest.mark.usefixtures("bank", "transactional_db")
@pytest.mark.parametrize("kind", KINDS)
def test_command_and_its_handlers_end_as_without_it(settings: Any, caplog: Any, kind: str) -> None:
    settings.AROUND_COMMANDS = settings.AROUND_HANDLERS = [f"{__name__}.{kind}"]
    for _ in range(3):
        execute(deposit, Deposit("ann", 7))
    with pytest.raises(DomainError, match="Insufficient funds"):
        execute(withdraw, Withdraw("ann", 100))
    assert balance() == 21
    said = [message for message in caplog.messages if "No space left on device" in message]
    assert len(said) == (0 if kind == "swallows" else 1)


@pytest.mark.parametrize("kind", KINDS)
def test_delivery_ends_as_without_it(subscribed: Subscribed, settings: Any, kind: str) -> None:
    settings.AROUND_DELIVERIES = settings.AROUND_HANDLERS = [f"{__name__}.{kind}"]
    subscribed.switch("ledger", "note")
    add("a", 1, 2)
    with working("ledger", "note"):
        subscribed.caught_up()
    assert subscribed.ledger() == subscribed.notes() == [1, 2]
    assert subscribed.parked() == []


class Full(SpanProcessor):
    """What a project may add to the SDK, and what fails where spans begin and end."""

    full = False

    def on_start(self, *arguments: Any, **more: Any) -> None:
        if self.full:
            fail()

    def on_end(self, span: Any) -> None:
        if self.full:
            fail()


PROCESSOR = Full()


@pytest.fixture(scope="session")
def processor(exporter: InMemorySpanExporter) -> Full:
    from opentelemetry import trace

    provider: Any = trace.get_tracer_provider()
    provider.add_span_processor(PROCESSOR)
    return PROCESSOR


@pytest.fixture
def broken_observers(
    processor: Full, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """All that this project has, each broken where its library or its setting can break it."""
    for number in (metrics.COMMANDS, metrics.DURATION, metrics.RETRIES, metrics.HANDLERS):
        monkeypatch.setattr(number, "labels", lambda *labels: fail())
    telemetry = [f"{BLOCKS}.telemetry.spans", f"{BLOCKS}.telemetry.metrics"]
    settings.AROUND_COMMANDS = [f"{path}.command" for path in telemetry]
    settings.AROUND_HANDLERS = [f"{path}.handler" for path in telemetry]
    settings.AROUND_DELIVERIES = [f"{telemetry[0]}.delivery"]
    settings.AROUND_HANDLERS += [f"{BLOCKS}.inspection.timings.timed"]
    settings.TIMINGS_ONE_OF = 0
    processor.full = True
    yield
    processor.full = False


@pytest.mark.usefixtures("bank", "transactional_db", "broken_observers")
def test_broken_telemetry_and_timings_fail_no_command(client: Any, settings: Any) -> None:
    settings.OPEN_MODE = True
    place = {"path": "/accounts/ann/deposit", "content_type": "application/json"}
    assert [client.post(**place, data={"amount": 7}).status_code for _ in range(2)] == [200, 200]
    with pytest.raises(DomainError):
        execute(withdraw, Withdraw("ann", 100))
    assert client.get("/accounts").json() == [{"account": "ann", "amount": 14}]


@pytest.mark.usefixtures("broken_observers")
def test_broken_telemetry_and_timings_hold_up_no_worker(subscribed: Subscribed) -> None:
    subscribed.switch("ledger", "note")
    add("a", 1, 2)
    with working("ledger", "note"):
        subscribed.caught_up()
    assert subscribed.ledger() == subscribed.notes() == [1, 2]


@pytest.mark.usefixtures("bank", "transactional_db")
def test_refusals_that_cannot_be_kept_are_said_once(settings: Any, caplog: Any) -> None:
    settings.AROUND_COMMANDS = [f"{BLOCKS}.inspection.refusals.kept"]
    settings.REFUSALS_KEPT_DAYS = "thirty"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{BLOCKS}.inspection.refusals.TRIMMED_EVERY", 1)
        for _ in range(2):
            with pytest.raises(DomainError):
                execute(withdraw, Withdraw("ann", 7))
    assert not RefusedCommand.objects.exists()
    said = [one for one in caplog.messages if "refusals.kept does not work" in one]
    assert len(said) == 1


@pytest.mark.slow
@pytest.mark.slices("increase_product_quantity")
def test_server_whose_folder_of_metrics_is_gone(server: Any, tmp_path: Any) -> None:
    environment = {
        **server.environment,
        "DJANGO_SETTINGS_MODULE": settings_of(chosen_mode()),
        "PROMETHEUS_MULTIPROC_DIR": os.fspath(tmp_path / "gone"),
    }
    own = Server(environment)
    try:
        assert [own.increase("bolt-06", 1).status for _ in range(3)] == [200] * 3
    finally:
        own.stop()
    assert "telemetry.metrics does not work" in own.log.read_text()


def test_what_is_put_aside_fails_nobody_and_has_a_bound(caplog: Any) -> None:
    seen: list[int] = []

    def deal(some: Sequence[int]) -> None:
        if 3 in some:
            fail()
        seen.extend(some)

    aside = observers.Aside("tests.aside", deal, 2)
    aside.begun = True  # the test says when
    for numbers in ([1, 2], [3], [4, 5, 6]):
        for number in numbers:
            aside.put(number)
        aside.flush()
    assert seen == [1, 2, 5, 6]
    assert "tests.aside does not work" in caplog.text


def test_two_that_flush_at_once_lose_nothing(caplog: Any, request: Any) -> None:
    """As the thread and `/metrics` do. Threads change as often as they can."""
    request.addfinalizer(partial(sys.setswitchinterval, sys.getswitchinterval()))
    sys.setswitchinterval(1e-6)
    seen: list[int] = []
    aside: observers.Aside[int] = observers.Aside("tests.aside", seen.extend, 1_000_000)
    aside.begun = True

    def put_and_flush() -> None:
        for number in range(2_000):
            aside.put(number)
            aside.put(number)
            aside.flush()

    all_at_once([put_and_flush] * 4)
    assert len(seen) == 16_000
    assert "does not work" not in caplog.text
