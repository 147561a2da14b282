"""Who may do what in the warehouse, on a server as in production: no address is open by mistake,
and each command takes its permission. What logins and tokens are is tested with the bank."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.checks import Error, run_checks
from django.urls import get_resolver
from django.utils.module_loading import import_string

from cqrs_example.openapi import description
from tests.addresses import addresses
from tests.browsing import Browser
from tests.logging_in import account, bearer, is_refused, log_in
from tests.serving import Server
from tests.test_openapi import fuzz

from .addresses import EVERY_COMMAND, PATHS, Command
from .given import received

OPEN = ["/healthz", "/readyz", "/metrics", "/time_zone", "/login", "/logout"]
CHALLENGE = 'Bearer realm="warehouse"'
HTML = {"Accept": "text/html"}
PERMISSIONS = sorted(settings.PERMISSIONS)


@pytest.fixture
def closed(closed_warehouse: Server, transactional_db: None) -> Server:
    return closed_warehouse


def command_of(permission: str) -> Command:
    """The command whose view takes the permission."""
    view = import_string(settings.PERMISSIONS[permission])
    resolve = get_resolver().resolve
    [command] = [one for one in EVERY_COMMAND if resolve(one.address()).func is view]
    return command


def test_every_address_takes_a_login(closed: Server, everything: Callable[[], Any]) -> None:
    before = everything()
    offered = [path.format(sku="abc123") for path in addresses() if path not in OPEN]
    assert {path.format(sku="abc123") for path in PATHS} < set(offered)
    for path in [*offered, "/admin/", "/admin/eventstore/event/"]:
        assert is_refused(closed("GET", path), 401, CHALLENGE, "create_token")
        if path.startswith("/warehouse"):
            assert is_refused(closed.post(path, "{}", **HTML), 401, CHALLENGE, "Log in")
        answer = closed("GET", f"{path}?q=1", **HTML)
        assert (answer.status, answer.headers["Location"]) == (302, f"/login?next={path}%3Fq%3D1")
    assert everything() == before


def test_every_command_has_a_permission() -> None:
    assert {command_of(permission).path for permission in PERMISSIONS} == {
        command.path for command in EVERY_COMMAND
    }


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_command_takes_its_permission(closed: Server, permission: str) -> None:
    received("abc123", 100)
    command = command_of(permission)
    others = [name for name in PERMISSIONS if name != permission]
    refused = closed.post(command.address(), command.body(), **bearer("others", *others))
    assert refused.status == 403
    assert refused.text == (
        f"The account others may not {permission}:"
        f" an administrator can give it the permission access.{permission}."
    )
    done = closed.post(command.address(), command.body(), **bearer("this", permission))
    assert done.status == 200


FORMS = {  # by the permission: what a page that shows it has
    "increase": "/increase_quantity",
    "ship": "/ship_quantity",
    "count": "/count_quantity",
    "undo": "/undo",
    "receive_delivery": "/warehouse/receive_delivery",
    "ship_order": "/warehouse/ship_order",
    "count_shelf": "/warehouse/count_shelf",
    "import": "/warehouse/import_stock",
}


@pytest.mark.slices("products", "product_history")
@pytest.mark.parametrize("permission", [None, *PERMISSIONS])
def test_only_forms_and_links_are_shown_that_the_account_may_use(
    closed: Server, permission: str | None
) -> None:
    received("abc123", 2)
    browser = Browser(closed)
    account("clerk", *([permission] if permission else []))
    log_in(browser, "clerk")
    pages = [f"/warehouse/{name}" for name in ("products", "products/abc123", "low_stock")]
    answers = [browser.request("GET", page) for page in pages]  # a slice may have gone
    text = "".join(answer.text for answer in answers if answer.status == 200)
    assert "abc123" in text
    shown = {name for name in PERMISSIONS if f'{FORMS[name]}"' in text}
    assert shown == ({permission} if permission else set())


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_check_of_a_command_that_was_forgotten(settings: Any, permission: str) -> None:
    forgotten = settings.PERMISSIONS[permission]
    left = {name: path for name, path in settings.PERMISSIONS.items() if name != permission}
    settings.PERMISSIONS = left
    [found] = [error for error in run_checks() if error.id == "access.E002"]
    assert isinstance(found, Error)
    assert found.msg == f"{forgotten} accepts a POST from every account."


@pytest.mark.django_db
def test_document_asks_for_a_token(settings: Any) -> None:
    assert "security" not in description()
    settings.OPEN_MODE = False
    document = description()
    assert document["security"] == [{"token": []}]
    for command in EVERY_COMMAND:
        assert {"401", "403"} <= document["paths"][command.path]["post"]["responses"].keys()
    assert "401" not in document["paths"]["/healthz"]["get"]["responses"]


@pytest.mark.slow
def test_schemathesis_with_a_token_finds_nothing(closed: Server) -> None:
    """Also that 401 and 403 are as described, and that none gets in without."""
    for name, value in bearer("fuzzer", *PERMISSIONS).items():
        fuzz(closed.port, "--header", f"{name}: {value}", "--max-examples", "2")
