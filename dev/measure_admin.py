"""How long the admin of the log takes at the server, at a million events: `docs/measurements.md`.

    DATABASE_URL=postgresql://…/a_database_of_its_own python -m dev.measure_admin

It fills the database if it is empty, by SQL: that is no way to write events, but a fast one.
"""

from functools import cache
from hashlib import md5
from urllib.parse import urlencode
from uuid import UUID

from .measure_pages import Client, call_command, connection, measure, measure_processor

EVENTS = 1_000_000
LIST = "/admin/eventstore/storedevent/"
ONE_CORRELATION = "00000000-0000-4000-8000-000000000001"

# 10,000 products, one event a second in all; every 500th event is a notification, an import put
# 100,000 events under one correlation id, and one stream has 50,000 events.
LOG = f"""
    INSERT INTO eventstore_event (id, stream, version, type, schema_version, data,
        correlation_id, causation_id, metadata, recorded_at, occurred_at)
    SELECT md5('event' || n)::uuid,
        CASE WHEN n % 500 = 499 THEN 'low_product_quantity_notification-p' || n % 977 || 'n' || n
             WHEN n % 20 = 0 THEN 'product-busy'
             ELSE 'product-p' || lpad((n % 10000)::text, 5, '0') END,
        CASE WHEN n % 500 = 499 THEN 1 WHEN n % 20 = 0 THEN n / 20 ELSE n / 10000 + 1 END,
        CASE WHEN n % 500 = 499 THEN 'warehouse.NotifiedLowProductQuantity'
             WHEN n % 2 = 0 THEN 'warehouse.ProductQuantityShipped'
             ELSE 'warehouse.ProductQuantityIncreased' END, 1,
        CASE WHEN n % 500 = 499 THEN jsonb_build_object('sku', 'p' || n, 'quantity_on_hand', 3)
             ELSE jsonb_build_object('sku', 'p' || n % 10000, 'quantity', 7,
                'quantity_on_hand', 10 + n % 7) END,
        CASE WHEN n BETWEEN 300000 AND 399999 THEN '{ONE_CORRELATION}'
             ELSE md5('command' || n)::uuid END,
        CASE WHEN n % 500 = 499 THEN md5('event' || n - 1) ELSE md5('command' || n) END::uuid,
        jsonb_build_object('actor', 'clerk', 'request', jsonb_build_object(), 'command',
            jsonb_build_object('id', md5('command' || n)::uuid, 'name', 'ShipProductQuantity',
                'fields', jsonb_build_object('sku', 'p' || n % 10000, 'quantity', 7))),
        timestamptz '2025-01-01' + n * interval '1 second',
        timestamptz '2025-01-01' + n * interval '1 second'
    FROM generate_series(1, {EVENTS}) AS n
"""  # noqa: S608 (no input in it)
STOCK = """
    INSERT INTO warehouse_products_product (sku, quantity, changed_at)
    SELECT 'p' || n, 10, timestamptz '2025-01-01' FROM generate_series(1, 1000000) AS n
"""


def listed(**query: object) -> str:
    return f"{LIST}?{urlencode(query)}"


DAY = {"since": "2025-01-06", "until": "2025-01-07"}
PAGES = {
    "Events": LIST,
    "Events, in the middle": listed(before=500_000),
    "Events, the last page": listed(after=0),
    "Type": listed(type="warehouse.ProductQuantityShipped"),
    "Type, in the middle": listed(type="warehouse.ProductQuantityShipped", before=500_000),
    "Type, the last page": listed(type="warehouse.ProductQuantityShipped", after=0),
    "A rare type": listed(type="warehouse.NotifiedLowProductQuantity"),
    "Category": listed(category="product"),
    "Category, in the middle": listed(category="product", before=500_000),
    "Category, the last page": listed(category="product", after=0),
    "A rare category": listed(category="low_product_quantity_notification"),
    "A category that is not there": listed(category="none"),
    "A day": listed(**DAY),
    "A day, its last page": listed(**DAY, after=0),
    "A time after all events": listed(since="2030-01-01"),
    "A time before all events": listed(until="2020-01-01"),
    "A position": listed(q="#500000"),
    "A position that is not there": listed(q="#5000000"),
    "An event's id": listed(q=UUID(md5(b"event500001", usedforsecurity=False).hexdigest())),
    "A correlation id of 100,000 events": listed(q=ONE_CORRELATION),
    "The same, from where they are": listed(q=ONE_CORRELATION, before=400_000),
    "A SKU": listed(q="p5001"),
    "A SKU and a field": listed(q="sku:p5001 quantity:>5"),
    "A word that nothing has": listed(q="nothing-has-this"),
    "An actor of all events": listed(q="clerk"),
    "An actor of all events, in the middle": listed(q="clerk", before=500_000),
    "A command of all events": listed(q="ShipProductQuantity"),
    "An actor who is not there": listed(q="actor:anna"),
    "A bare position": listed(q="500000"),
    "A field of nearly all events": listed(q="quantity:7", before=500_000),
    "A comparison that nothing fits": listed(q="quantity:>100"),
    "A day in which it occurred": listed(occurred_since="2025-01-06", occurred_until="2025-01-07"),
    "A minute in which it occurred": listed(
        occurred_since="2025-01-06T12:00", occurred_until="2025-01-06T12:01"
    ),
    "A stream of 100 events": listed(q="product-p05001"),
    "A stream of 50,000 events": listed(q="product-busy"),
    "The same, the last page": listed(q="product-busy", after=0),
    "A prefix of 900 events": listed(q="product-p0500"),
    "A prefix of 948,000 events": listed(q="product-p"),
    "A prefix of 948,000 events, in the middle": listed(q="product-p", before=500_000),
    "A prefix of none": listed(q="xyz"),
    "Prefix, type and day": listed(q="product-p", type="warehouse.ProductQuantityIncreased", **DAY),
    "Prefix and type that never meet": listed(
        q="product-p", type="warehouse.NotifiedLowProductQuantity"
    ),
    "The same, category and day too": listed(
        q="product-p", type="warehouse.NotifiedLowProductQuantity", category="product", **DAY
    ),
    "Large stream and a type it has not": listed(
        q="product-busy", type="warehouse.ProductQuantityIncreased"
    ),
    "Large correlation, type and day": listed(
        q=ONE_CORRELATION, type="warehouse.ProductQuantityShipped", **DAY
    ),
    "One event": f"{LIST}500001/change/",
    "One event among 100,000 with its correlation id": f"{LIST}350001/change/",
    "The first event": f"{LIST}1/change/",
    "The last event": f"{LIST}{EVENTS}/change/",
    "One event as JSON": f"{LIST}500001/event.json",
    "A stream": f"{LIST}stream/?name=product-p05001",
    "A stream of 50,000 events, its page": f"{LIST}stream/?name=product-busy",
    "The same, in the middle": f"{LIST}stream/?name=product-busy&before=25000",
    "The same, the last page (its page)": f"{LIST}stream/?name=product-busy&after=0",
    "Overview": f"{LIST}overview/",
    "A stream, verified": f"{LIST}verified/?name=product-p05001",
    "Rebuilds and verifications": "/admin/projections/run/",
    "Products (1,000,000)": "/admin/warehouse_products/product/",
    "Products, in the middle": "/admin/warehouse_products/product/?after=p500000",
    "Products, the last page": "/admin/warehouse_products/product/?before=q",
    "A product": "/admin/warehouse_products/product/p500000/change/",
    "The admin's front page": "/admin/",
}


def fill() -> None:
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM eventstore_event)")
        if cursor.fetchone() == (False,):
            cursor.execute(LOG)
            cursor.execute(STOCK)
            cursor.execute("VACUUM ANALYZE")


@cache
def staff() -> Client:
    """Somebody who may view and nothing more: Django asks for the permissions with two queries
    that it spares a superuser."""
    from django.contrib.auth.models import Permission, User  # only now that Django is set up

    viewer, _ = User.objects.get_or_create(username="viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client = Client(headers={"accept": "text/html", "host": "localhost"})
    client.force_login(viewer)
    return client


def main() -> None:
    fill()
    client = staff()
    print("| page | ms | ms on a processor | queries |\n| --- | ---: | ---: | ---: |")
    for name, path in PAGES.items():
        milliseconds, queries = measure(path, client)
        on_processor = measure_processor(path, client)
        print(f"| {name} | {milliseconds:.0f} | {on_processor:.0f} | {queries} |", flush=True)


if __name__ == "__main__":
    main()
