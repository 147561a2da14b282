"""Addresses that nobody meant: answered with a sentence or a page, never with 500."""

from itertools import product
from urllib.parse import quote

import pytest
from django.contrib import admin

from .addresses import COMMANDS, READ, Command
from .given import received

ACTIVITY, PRODUCT = "/warehouse/activity", "/warehouse/products/abc123"
NAMES = ("q", "show", "after", "before", "kind", "sku", "version", "nonsense")
slices = pytest.mark.slices
MOMENTS = [
    *["0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "0001-01-01", "9999-12-31T23:59:59.9"],
    *["0000-01-01", "10000-01-01", "-0001-01-01", "2026-02-30", "2026-01-01T25:00", "now", "\0"],
]
KEYS = [
    *["%00", "a%00b", "_00", "a_00b", "0001-01-01", "9999-12-31", "99999999999999999999999", "-1"],
    *["1e400", "NaN", "%ff", "..", "%F0%9F%92%A9", "x" * 300, "9223372036854775808"],
]


@pytest.fixture
def staff(admin_client):
    """Somebody in the admin; an exception is raised here, where it would be 500 there."""
    return admin_client


@pytest.mark.parametrize("path", READ)
def test_a_slash_at_the_end_is_none(server, path):
    received("abc123", 10)
    path = path.format(sku="abc123")
    for accept in ("application/json", "text/html"):
        for more in ("/", "//", "/?show=low"):
            with_slash = server("GET", path + more, Accept=accept)
            without = server("GET", path + more.strip("/"), Accept=accept)
            assert with_slash.status == without.status == 200
            if accept == "application/json":
                assert with_slash.body == without.body
    lengths = {server("HEAD", path + end).headers["Content-Length"] for end in ("", "/")}
    assert len(lengths) == 1
    assert server("POST", f"{path}/").status == 405


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.path)
def test_a_command_with_a_slash_at_the_end_is_carried_out_once(server, rows, command: Command):
    received("abc123", 100)
    assert server.post(f"{command.address()}/", command.body()).status == 200
    [(metadata,)] = rows(
        "SELECT metadata FROM eventstore_event WHERE version = 2 AND stream = 'product-abc123'"
    )
    assert f'"{command.address()}"' in str(metadata)


@pytest.mark.parametrize("path", ["/nothing/", "//", f"{PRODUCT}/burn/", "/static/nothing.css/"])
def test_a_slash_at_the_end_makes_nothing_of_nothing(server, path):
    assert server("GET", path).status == 404


@pytest.mark.django_db
@pytest.mark.parametrize("moment", MOMENTS)
def test_extreme_moments_in_the_admin(staff, moment):
    for name in ("since", "until"):
        answer = staff.get("/admin/eventstore/storedevent/", {name: moment})
        assert answer.status_code in (200, 400, 404), (name, moment)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", KEYS)
def test_odd_keys_in_paths_and_searches_of_the_admin(staff, key):
    received("abc123", 3)
    own = [m for m in admin.site._registry if not m.__module__.startswith(("django.", "axes."))]
    pages = [model._meta.label_lower.replace(".", "/") for model in own]
    assert len(pages) >= 5
    for page, address in product(
        pages, [f"{key}/change/", f"{key}/history/", f"?q={key}", f"?after={key}", f"?p={key}"]
    ):
        answer = staff.get(f"/admin/{page}/{address}")
        assert answer.status_code in (200, 302, 400, 403, 404), (page, address)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", KEYS)
def test_odd_keys_in_the_application(client, key):
    paths = [path.format(sku="abc123") for path in READ]
    addresses = [f"{path}?{name}={key}" for path, name in product([*paths, "/login"], NAMES)]
    addresses += [path.format(sku=key) for path in READ if "{sku}" in path]
    for path, name in product(paths, ("sku", "quantity", "since", "changed_at")):
        addresses += [f"{path}?sort={name}&after={key}", f"{path}?sort=-{name}&before={key}/a"]
    answered(client, addresses)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", MOMENTS)
def test_odd_days_in_the_application(client, moment):
    paths = [path.format(sku="abc123") for path in READ]
    answered(client, [f"{path}?after={quote(moment)}/x" for path in paths])


def answered(client, addresses):
    for address, accept in product(addresses, ("application/json", "text/html")):
        answer = client.get(address, headers={"accept": accept})
        assert answer.status_code in (200, 302, 400, 404), address


ANSWERS = [
    *[("products", f"/warehouse/products?q={key}", 400) for key in ("%00", "%E2%80%AE")],
    *[("activity", f"{ACTIVITY}?after={key}", 400) for key in ("", "x", "1.5", "%00")],
    ("activity", f"{ACTIVITY}?after={'9' * 3900}", 200),
    ("activity", f"{ACTIVITY}?before=-9223372036854775809", 200),
    ("activity", f"{ACTIVITY}?kind=%00", 200),
    *[
        ("product_history", f"{PRODUCT}?version={key}", 404)
        for key in ("x", "9" * 4000, "-1", "%D9%A1")
    ],
    ("product_history", f"{PRODUCT}?before=x", 400),
    ("product_history", "/warehouse/product?sku=a%0d%0aSet-Cookie:x", 400),
]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "status"),
    [pytest.param(address, status, marks=slices(name)) for name, address, status in ANSWERS],
)
def test_odd_query(client, address, status):
    received("abc123", 3)
    accept = "text/html" if "before=x" in address else "application/json"
    assert client.get(address, headers={"accept": accept}).status_code == status


@slices("activity")
@pytest.mark.django_db(transaction=True)
def test_an_event_that_cannot_be_read_is_shown_as_such(client, rows):
    received("abc123", 3)
    rows(
        "INSERT INTO eventstore_event (id, stream, version, type, schema_version, data,"
        " correlation_id, causation_id, metadata, recorded_at, occurred_at)"
        " SELECT gen_random_uuid(), stream, 2, 'warehouse.ProductQuantityLost', 1, data,"
        " correlation_id, causation_id, metadata, recorded_at, occurred_at FROM eventstore_event"
        " RETURNING 1"
    )
    page = client.get(ACTIVITY, headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "This event cannot be read." in page.content.decode()
    assert "Received 3 of abc123" in page.content.decode()
    events = client.get(ACTIVITY).json()
    assert [event["type"] for event in events] == [
        "warehouse.ProductQuantityLost",
        "warehouse.ProductQuantityIncreased",
    ]
    assert events[0]["sentence"].startswith("This event cannot be read.")
