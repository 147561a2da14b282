"""Each line of "What each block needs" in docs/copying.md is checked, with a sentence."""

import re
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.checks.registry import registry
from django.db import connection, connections

from .conftest import ROOT

pytestmark = pytest.mark.django_db

PAGE = (ROOT / "docs" / "copying.md").read_text()
LINE = re.compile(r"^\| `(\w+)` \| (.+) \| `(\w+\.[EW]\d{3})` \|$", re.MULTILINE)
LINES: list[tuple[str, str, str]] = LINE.findall(PAGE)
BLOCKS = {
    path.parent.name
    for path in (ROOT / "cqrs_example").glob("*/__init__.py")
    if "VERSION = " in path.read_text()
}
# Those that the settings of the tests leave out.
WITH = ["cqrs_example.rabbitmq", "cqrs_example.privacy"]

Break = Callable[[Any, pytest.MonkeyPatch], None]


@pytest.fixture(autouse=True)
def _all_blocks(bank: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is registered now is not asked in other tests.
    monkeypatch.setattr(registry, "registered_checks", registry.registered_checks.copy())
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, *WITH]
    settings.EVENTS = [*settings.EVENTS, "cqrs_example.privacy.events"]
    settings.BROKER_URL = "amqp://127.0.0.1/"
    settings.DURABLE = False


def without_app(*names: str) -> Break:
    def change(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app not in names]

    return change


def without(name: str) -> Break:
    return lambda settings, monkeypatch: delattr(settings, name)


def having(name: str, value: Any) -> Break:
    return lambda settings, monkeypatch: setattr(settings, name, value)


def without_library(name: str) -> Break:
    return lambda settings, monkeypatch: monkeypatch.setitem(sys.modules, name, None)


def named_without_library(module: str, library: str) -> Break:
    """The settings name functions of `telemetry` whose library is missing."""

    def change(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.AROUND_HANDLERS = [f"cqrs_example.telemetry.{module}.handler"]
        without_library(library)(settings, monkeypatch)

    return change


def without_middleware(name: str) -> Break:
    def change(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.MIDDLEWARE = [path for path in settings.MIDDLEWARE if not path.endswith(name)]

    return change


def in_database(sql: str) -> Break:
    def change(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE ROLE needy")
            cursor.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO needy")
            cursor.execute(sql.format(connection.ops.quote_name(connection.settings_dict["NAME"])))
            cursor.execute("SET LOCAL ROLE needy")

    return change


def of_connection(name: str, value: Any) -> Break:
    return lambda settings, monkeypatch: monkeypatch.setitem(connection.settings_dict, name, value)


def without_templates(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    [engine] = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": []}]


def without_processors(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    [engine] = settings.TEMPLATES
    processors = engine["OPTIONS"]["context_processors"]
    kept = [path for path in processors if not path.endswith(".command_id")]
    options = {**engine["OPTIONS"], "context_processors": kept}
    settings.TEMPLATES = [{**engine, "OPTIONS": options}]


def subscribed_without_workers(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SUBSCRIPTIONS = list(settings.PROJECTIONS)
    without_app("cqrs_example.subscriptions")(settings, monkeypatch)


BREAKS: dict[str, list[Break]] = {
    "eventstore.E001": [without("EVENTS"), having("EVENTS", None)],
    "messaging.E002": [without("PROJECTIONS"), without("POLICIES")],
    "messaging.E003": [
        having("SUBSCRIPTIONS", "all"),
        having("SUBSCRIPTIONS", ["nothing"]),
        subscribed_without_workers,
    ],
    "database.E001": [of_connection("OPTIONS", {})],
    "http.E001": [
        without_middleware(f".{name}Middleware")
        for name in ("Session", "CsrfView", "Authentication", "Message")
    ],
    "http.E002": [without_processors],
    "http.E003": [without_templates],
    "http.E004": [having("LOGIN_REDIRECT_URL", "nowhere")],
    "access.E002": [having("PERMISSIONS", {})],
    "access.E005": [without_middleware(".Access")],
    "access.E006": [having("LOGIN_URL", "nowhere"), having("LOGIN_URL", "/nowhere")],
    "projections.E004": [in_database("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC")],
    "operations.E004": [in_database("REVOKE SELECT ON eventstore_event FROM needy")],
    "rabbitmq.E001": [without_library("amqp")],
    "rabbitmq.E002": [without("BROKER_URL"), having("BROKER_URL", "127.0.0.1:5672")],
    "telemetry.E001": [named_without_library("spans", "opentelemetry")],
    "telemetry.E002": [named_without_library("metrics", "prometheus_client")],
    "event_model.E001": [without("COMMANDS")],
    "privacy.E001": [without_library("cryptography")],
    "privacy.E002": [having("EVENTS", ["tests.bank.events"])],
}
# What takes a domain of its own, or another database: tests with these words show it.
ELSEWHERE = {
    "eventstore.E002": ("test_needs_of_blocks.py", "must be Postgres"),
    "messaging.W002": ("test_atomic_requests.py", "check_atomic_requests"),
    "projections.E003": ("test_table_shapes.py", "number that the database gives"),
}


def found() -> dict[str, str]:
    return {message.id or "": message.msg for message in run_checks(databases=["default"])}


def app(label: str) -> str:
    return "django.contrib.admin" if label == "admin" else f"cqrs_example.{label}"


@pytest.mark.parametrize(("block", "need", "name"), LINES)
def test_what_a_block_needs_is_checked(
    settings: Any, monkeypatch: pytest.MonkeyPatch, block: str, need: str, name: str
) -> None:
    assert name not in found()
    apps = re.findall(r"`(\w+)`", need) if name.endswith(".E009") else []
    breaks = [without_app(app(label)) for label in apps] or BREAKS.get(name, [])
    if not breaks:
        file, words = ELSEWHERE[name]
        assert words in (ROOT / "tests" / file).read_text()
    for change in breaks:
        with monkeypatch.context() as patch:
            kept = {key: getattr(settings, key) for key in CHANGED if hasattr(settings, key)}
            change(settings, patch)
            sentence = found()[name]
            assert sentence.endswith(".")
            for key, value in kept.items():
                setattr(settings, key, value)


CHANGED = (
    *(
        "INSTALLED_APPS",
        "EVENTS",
        "PROJECTIONS",
        "POLICIES",
        "MIDDLEWARE",
        "TEMPLATES",
        "LOGIN_URL",
    ),
    *("LOGIN_REDIRECT_URL", "PERMISSIONS", "SUBSCRIPTIONS", "BROKER_URL", "COMMANDS"),
    "AROUND_HANDLERS",
)


def test_the_list_has_each_block() -> None:
    assert {block for block, *_ in LINES} == BLOCKS - {"in_memory"}
    assert len(LINES) == PAGE.partition("## What each block needs")[2].partition("\n## ")[0].count(
        "\n| `"
    )


def test_log_that_is_not_in_postgres(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections["default"], "vendor", "sqlite")
    assert found()["eventstore.E002"].endswith("must be Postgres, not sqlite.")
