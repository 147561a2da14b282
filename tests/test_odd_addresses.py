"""Addresses that nobody meant: answered with a sentence or a page, never with 500."""

from itertools import product
from urllib.parse import quote

import pytest
from django.core.exceptions import ValidationError
from django.test import RequestFactory

from cqrs_example.http import BadInput, paged
from warehouse.tests.given import received

pytestmark = pytest.mark.slices(
    "increase_product_quantity",
    "products",
    "product_history",
    "activity",
    "low_product_quantity_notification",
    "shipping_report",
)

LIST = "/warehouse/products"
PRODUCT = f"{LIST}/abc123"
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


@pytest.mark.parametrize(
    "path",
    [LIST, PRODUCT, "/warehouse/activity", "/warehouse/low_product_quantity_notifications"],
)
def test_a_slash_at_the_end_is_none(server, path):
    server.increase("abc123", 10)
    for accept in ("application/json", "text/html"):
        for more in ("/", "//", "/?show=low"):
            with_slash = server("GET", path + more, Accept=accept)
            without = server("GET", path + more.strip("/"), Accept=accept)
            assert with_slash.status == without.status == 200
            if accept == "application/json":
                assert with_slash.body == without.body
    assert (
        server("HEAD", f"{path}/").headers["Content-Length"]
        == server("HEAD", path).headers["Content-Length"]
    )
    assert server("POST", f"{LIST}/").status == 405


def test_a_command_with_a_slash_at_the_end_is_carried_out_once(server, rows):
    assert server.post(f"{PRODUCT}/increase_quantity/", '{"quantity": 7}').status == 200
    assert server.stock() == {"abc123": 7}
    [(metadata,)] = rows("SELECT metadata FROM eventstore_event")
    assert f'"{PRODUCT}/increase_quantity"' in str(metadata)


@pytest.mark.parametrize("path", ["/nothing/", "//", f"{PRODUCT}/burn/", "/static/nothing.css/"])
def test_a_slash_at_the_end_makes_nothing_of_nothing(server, path):
    assert server("GET", path).status == 404


@pytest.mark.parametrize(
    "error", [ValueError("nonsense"), ValidationError("“x” is no UUID."), OverflowError("far")]
)
def test_a_key_that_cannot_be_read_is_bad_input(error):
    def parse(text):
        raise error

    with pytest.raises(BadInput, match="There is no such page: "):
        paged(RequestFactory().get("/?after=x"), None, "key", parse)


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
    pages = ["eventstore/storedevent", "warehouse_products/product", "access/token", "auth/user"]
    pages += ["auth/group", "warehouse_shipping_report/dayofshipping", "axes/accessattempt"]
    pages += ["warehouse_low_product_quantity_notification/lowproductquantitynotification"]
    for page, address in product(
        pages, [f"{key}/change/", f"{key}/history/", f"?q={key}", f"?after={key}", f"?p={key}"]
    ):
        answer = staff.get(f"/admin/{page}/{address}")
        assert answer.status_code in (200, 302, 400, 403, 404), (page, address)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", KEYS)
def test_odd_keys_in_the_application(client, key):
    addresses = [
        f"{LIST}?q={key}",
        f"{LIST}?after={key}",
        f"{LIST}/{key}",
        f"{PRODUCT}?version={key}",
    ]
    addresses += [f"/warehouse/activity?{side}={key}" for side in ("after", "before", "kind")]
    addresses += [f"/warehouse/shipping_report?{side}={key}" for side in ("after", "before", "sku")]
    addresses += [f"/warehouse/shipping_report?after={day}/x" for day in map(quote, MOMENTS)]
    addresses += [f"/warehouse/product?sku={key}", f"{PRODUCT}?after={key}", f"/login?next={key}"]
    for address, accept in product(addresses, ("application/json", "text/html")):
        answer = client.get(address, headers={"accept": accept})
        assert answer.status_code in (200, 302, 400, 404), address


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
    page = client.get("/warehouse/activity", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "This event cannot be read." in page.content.decode()
    assert "Received 3 of abc123" in page.content.decode()
    told = client.get("/warehouse/activity").json()
    assert [one["type"] for one in told] == [
        "warehouse.ProductQuantityLost",
        "warehouse.ProductQuantityIncreased",
    ]
    assert told[0]["sentence"].startswith("This event cannot be read.")
