"""Traces by OpenTelemetry: of commands, handlers, commits and deliveries, across processes."""

import json
import os
import subprocess
import sys
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection, connections
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from cqrs_example.eventstore import read_all
from cqrs_example.in_memory.log import Log
from cqrs_example.inspection.simulating import simulate
from cqrs_example.messaging import DomainError, execute
from cqrs_example.rabbitmq.envelope import envelope
from cqrs_example.subscriptions.following import rows_between
from cqrs_example.telemetry.spans import TRACER

from .bank.commands import Deposit, Withdraw, deposit, withdraw
from .racing import until
from .serving import ROOT
from .subscribing import Subscribed, add, broken, working
from .traced import SENT

TRACE_ID, SPAN_ID = (int(part, 16) for part in SENT.split("-")[1:3])


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def parent(span: ReadableSpan) -> int | None:
    return span.parent.span_id if span.parent else None


def span_id(span: ReadableSpan) -> int:
    assert span.context
    return int(span.context.span_id)


@pytest.mark.django_db(transaction=True)
def test_command_its_handlers_and_its_commit_are_one_trace(bank: None, spans: Any) -> None:
    [event] = execute(deposit, Deposit("ann", 7))
    found = spans()
    command, projection, commit = (
        found[name] for name in ("execute Deposit", "handle accounts", "COMMIT")
    )
    assert parent(command) is None
    assert parent(projection) == parent(commit) == span_id(command)
    assert attributes(command)["cqrs.command.name"] == "Deposit"
    assert attributes(projection)["messaging.operation.type"] == "process"
    assert attributes(projection)["messaging.destination.subscription.name"] == "accounts"
    assert attributes(projection)["messaging.message.id"] == str(event.id)
    assert attributes(projection)["cqrs.statements"] >= 1
    assert attributes(commit)["db.system.name"] == "postgresql"
    assert attributes(commit)["db.operation.name"] == "COMMIT"
    assert attributes(commit)["db.operation.batch.size"] >= 2
    assert commit.kind == SpanKind.CLIENT
    assert commit.start_time >= projection.end_time
    # It is kept with the event, for whoever hears later.
    kept = event.metadata["request"]["traceparent"]
    assert kept.split("-")[2] == f"{span_id(command):016x}"


@pytest.mark.django_db
@pytest.mark.usefixtures("bank")
def test_counting_statements_sends_them_no_sooner(spans: Any, settings: Any) -> None:
    def trips() -> int:
        sent = 0
        wrapper: Any = type(connections["default"])
        original = wrapper._send

        def counting(self: Any, *last: Any) -> Any:
            nonlocal sent
            sent += 1
            return original(self, *last)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(wrapper, "_send", counting)
            execute(deposit, Deposit("ann", 7))
        return sent

    measured = trips()
    settings.AROUND_COMMANDS = settings.AROUND_HANDLERS = []
    assert trips() == measured


@pytest.mark.django_db
@pytest.mark.usefixtures("bank")
def test_refusal_is_no_error_and_a_failure_is_one(spans: Any) -> None:
    def fail(tx: Any, command: Deposit) -> Any:
        raise LookupError("no such thing")

    with pytest.raises(DomainError):
        execute(withdraw, Withdraw("ann", 7))
    with pytest.raises(LookupError):
        execute(fail, Deposit("ann", 7))
    refused, failed = spans()["execute Withdraw"], spans()["execute Deposit"]
    assert refused.status.status_code == StatusCode.UNSET
    assert attributes(refused)["cqrs.outcome"] == "refused"
    assert failed.status.status_code == StatusCode.ERROR
    assert attributes(failed)["error.type"] == "LookupError"


SECRET = "hunter2"


def fails_by_itself(tx: Any, command: Deposit) -> Any:
    raise ValueError(f"{command.account} cannot be read")


def fails_in_the_database(tx: Any, command: Deposit) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE kept (word text PRIMARY KEY) ON COMMIT DROP")
        for _ in range(2):
            cursor.execute("INSERT INTO kept VALUES (%s)", [command.account])


def refuses(tx: Any, command: Deposit) -> Any:
    raise DomainError(f"There is no account {command.account}.", "account")


@pytest.mark.django_db
@pytest.mark.usefixtures("bank")
@pytest.mark.parametrize("handle", [fails_by_itself, fails_in_the_database, refuses])
def test_no_span_has_what_was_sent(spans: Any, handle: Any) -> None:
    """Neither the error's text, nor that of the error that caused it, nor a traceback."""
    with pytest.raises(Exception, match=SECRET):
        execute(handle, Deposit(SECRET, 7))
    assert spans()
    assert SECRET not in "".join(span.to_json() for span in spans().values())


def test_no_span_of_a_worker_has_what_was_sent(subscribed: Subscribed, spans: Any) -> None:
    subscribed.switch("ledger")
    broken.add(70707)
    add("a", 70707)
    with working("ledger"):
        until(lambda: "70707" in subscribed.trouble("ledger"))
    failed = spans()["handle ledger"]
    assert [dict(one.attributes or {}) for one in failed.events] == [
        {"exception.type": "builtins.ValueError"}
    ]
    assert "70707" not in "".join(span.to_json() for span in spans().values())


@pytest.mark.django_db
@pytest.mark.usefixtures("bank")
def test_neither_a_simulation_nor_a_log_in_memory_is_traced(spans: Any) -> None:
    execute(deposit, Deposit("ann", 7), log=Log())
    assert spans() == {}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("bank")
def test_simulation_is_not_traced(spans: Any) -> None:
    simulate(deposit, Deposit("ann", 7))
    assert spans() == {}


@pytest.mark.django_db
@pytest.mark.usefixtures("bank")
def test_request_goes_on_with_the_trace_of_its_sender(
    spans: Any, client: Any, settings: Any
) -> None:
    settings.OPEN_MODE = True
    response = client.post(
        "/accounts/ann/deposit",
        json.dumps({"amount": 3}),
        content_type="application/json",
        headers={"traceparent": SENT},
    )
    assert response.status_code == 200, response.content
    [event] = read_all()
    command = spans()["execute Deposit"]
    assert parent(command) == SPAN_ID
    assert command.context.trace_id == TRACE_ID
    assert event.metadata["request"]["traceparent"] == (
        f"00-{TRACE_ID:032x}-{span_id(command):016x}-01"
    )


@pytest.mark.django_db
@pytest.mark.usefixtures("bank")
@pytest.mark.parametrize("sent", ["", "nonsense", SENT.upper(), "00-" + "0" * 32 + SENT[35:]])
def test_what_is_no_traceparent_begins_a_trace(
    spans: Any, client: Any, settings: Any, sent: str
) -> None:
    settings.OPEN_MODE = True
    body = json.dumps({"amount": 3})
    place = "/accounts/ann/deposit"
    headers = {"traceparent": sent}
    response = client.post(place, body, content_type="application/json", headers=headers)
    assert response.status_code == 200
    assert parent(spans()["execute Deposit"]) is None


@pytest.mark.django_db
@pytest.mark.usefixtures("bank")
def test_message_carries_the_trace_of_its_event(spans: Any) -> None:
    with TRACER.start_as_current_span("caller"):
        [event] = execute(deposit, Deposit("ann", 7))
    [row] = rows_between(event.position - 1, event.position)
    assert envelope(row, 0)["traceparent"] == event.metadata["request"]["traceparent"]


@pytest.mark.django_db
@pytest.mark.usefixtures("bank")
def test_message_of_an_event_without_a_trace_has_one_by_its_correlation(settings: Any) -> None:
    settings.AROUND_COMMANDS = []
    [event] = execute(deposit, Deposit("ann", 7))
    [row] = rows_between(event.position - 1, event.position)
    assert "traceparent" not in event.metadata["request"]
    _, trace_id, *_ = envelope(row, 0)["traceparent"].split("-")
    assert UUID(trace_id) == event.correlation_id


def test_worker_goes_on_with_the_trace_of_the_event(
    subscribed: Subscribed, spans: Any, exporter: InMemorySpanExporter
) -> None:
    subscribed.switch("ledger", "note")
    [one] = add("a", 1)
    with working("ledger", "note"):
        subscribed.caught_up()
    found = spans()
    command, policy = found["execute Add"], found["handle note"]
    deliveries = [s for s in exporter.get_finished_spans() if s.name == "deliver note"]
    assert parent(policy) == span_id(command)
    [link] = policy.links
    assert link.context.span_id in map(span_id, deliveries)
    delivered = next(s for s in exporter.get_finished_spans() if s.name == "deliver ledger")
    assert delivered.kind == SpanKind.CONSUMER
    assert [link.context.span_id for link in delivered.links] == [span_id(command)]
    # What the policy's command recorded belongs to it, too.
    noted = [event for event in read_all() if event.causation_id == one.id]
    assert noted[0].metadata["request"]["traceparent"] == one.metadata["request"]["traceparent"]


def test_batch_of_a_projection_is_linked_to_all_its_traces(
    subscribed: Subscribed, spans: Any, exporter: InMemorySpanExporter
) -> None:
    subscribed.switch("ledger")
    add("a", 1, 2, 3)
    commands = {span_id(s) for s in exporter.get_finished_spans() if s.name == "execute Add"}
    with working("ledger"):
        subscribed.caught_up()
    span = spans()["handle ledger"]
    assert {link.context.span_id for link in span.links} == commands
    assert attributes(span)["messaging.batch.message_count"] == 3
    assert parent(span) == span_id(spans()["deliver ledger"])


def test_handler_that_fails_in_a_worker_is_an_error(subscribed: Subscribed, spans: Any) -> None:
    subscribed.switch("ledger")
    broken.add(1)
    add("a", 1)
    try:
        with working("ledger"):
            until(lambda: subscribed.trouble("ledger"))
    finally:
        broken.clear()
    assert spans()["handle ledger"].status.status_code == StatusCode.ERROR


def test_setting_that_names_nothing_fails_the_check(bank: None, settings: Any) -> None:
    for setting in ("AROUND_HANDLERS", "AROUND_DELIVERIES"):
        setattr(settings, setting, ["cqrs_example.telemetry.spans.gone"])
        with pytest.raises(SystemCheckError, match=f"settings.{setting}: .* does not define"):
            call_command("check")
        setattr(settings, setting, [])


WITHOUT_SDK = f"""
import django
django.setup()
from opentelemetry import context, trace
from opentelemetry.sdk.trace import TracerProvider
from cqrs_example.messaging import Context
from cqrs_example.telemetry import parents, spans

own = Context()
assert spans.command(own, own) is spans.handler("a", []) is spans.delivery("a", []) is None
token = context.attach(parents.W3C.extract({{"traceparent": "{SENT}"}}))
with spans.command(own, own) as traced:  # the sender's is handed on as it came
    assert traced.request == {{"traceparent": "{SENT}"}}
context.detach(token)
trace.set_tracer_provider(TracerProvider())
with spans.command(own, own) as traced:
    assert traced.request["traceparent"] != "{SENT}"
    assert spans.handler("a", []) is not None
"""


def test_without_an_sdk_there_is_nothing_around_handlers() -> None:
    """In a process of its own, because there is an SDK in this one."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-c", WITHOUT_SDK]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
