"""How long pages take at the server, with a million products: `docs/measurements.md`.

    DATABASE_URL=postgresql://…/a_database_of_its_own python -m dev.measure_pages

It fills the database if it is empty, by SQL: that is no way to write events, but a fast one.
"""

import os
import statistics
import time
import warnings
from pathlib import Path

# As in production, but for the encryption.
os.environ |= {"DEBUG": "0", "HTTPS": "0", "OPEN_MODE": "1", "SECRET_KEY": "measured" * 7}
os.environ["ALLOWED_HOSTS"] = "localhost"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cqrs_example.settings.persisted_sync")

import django

warnings.filterwarnings("ignore", "No directory at:")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

PRODUCTS, EVENTS, RUNS = 1_000_000, 100_000, 20
SHOWN = "p0500000"

# Each product was received once, a few of them with 0, so that they are out; the one that is shown
# goes up and down for as long as wanted.
LOG = """
    INSERT INTO eventstore_event (id, stream, version, type, schema_version, data,
        correlation_id, causation_id, metadata, recorded_at, occurred_at)
    SELECT gen_random_uuid(), 'product-' || sku, version, 'warehouse.ProductQuantity' || kind, 1,
        jsonb_build_object('sku', sku, 'quantity', quantity, 'quantity_on_hand', on_hand),
        gen_random_uuid(), gen_random_uuid(), '{"actor": "clerk"}', at, at
    FROM (%s) AS new
"""
RECEIVED = """
    SELECT 'p' || lpad(n::text, 7, '0') AS sku, 1 AS version, 'Increased' AS kind,
        on_hand AS quantity, on_hand, timestamptz '2025-01-01' + n * interval '30 seconds' AS at
    FROM generate_series(1, %s) AS n,
        LATERAL (SELECT CASE WHEN n %% 200000 = 0 THEN 0 ELSE 1 + n %% 100 END AS on_hand) AS stock
"""
UP_AND_DOWN = """
    SELECT '%s' AS sku, n AS version,
        CASE WHEN n %% 2 = 0 THEN 'Shipped' ELSE 'Increased' END AS kind,
        7 AS quantity, 7 * (n %% 2) AS on_hand,
        timestamptz '2025-01-01' + n * interval '1 minute' AS at
    FROM generate_series(2, %s) AS n
"""
STOCK = """
    INSERT INTO warehouse_products_product (sku, quantity, changed_at)
    SELECT DISTINCT ON (stream) data->>'sku', (data->>'quantity_on_hand')::bigint, occurred_at
    FROM eventstore_event ORDER BY stream, version DESC
"""
REPORT = """
    INSERT INTO warehouse_shipping_report_dayofshipping (sku, day, quantity, shipments)
    SELECT sku, (changed_at AT TIME ZONE 'UTC')::date, 1 + quantity, 1
    FROM warehouse_products_product
"""
TODO = """
    INSERT INTO warehouse_low_product_quantity_notification_lowproductquantdc41
        (opened_by, sku, quantity, requested_at, notified_at)
    SELECT id, data->>'sku', 0, occurred_at, occurred_at FROM eventstore_event
    WHERE type = 'warehouse.ProductQuantityShipped'
"""

STOCKED = "/warehouse/products"
PAGES = {
    "Stock": STOCKED,
    "Stock, page 10,000": f"{STOCKED}?after=p0499950",
    "Stock, the last page": f"{STOCKED}?before=p1000000",
    "Stock, backwards from the middle": f"{STOCKED}?before=p0500000",
    "Stock, SKUs that begin with p09": f"{STOCKED}?q=p09",
    "Stock, SKUs that contain 0123": f"{STOCKED}?q=0123",
    "Stock, SKUs that contain 999 (3,700)": f"{STOCKED}?q=999",
    "Stock, SKUs that contain zzz (none)": f"{STOCKED}?q=zzz",
    "Stock, most first": f"{STOCKED}?sort=-quantity",
    "Stock, most first, from the middle": f"{STOCKED}?sort=-quantity&after=50/p0500000",
    "Stock, changed last": f"{STOCKED}?sort=-changed_at",
    "Stock, changed last, from the middle": (
        f"{STOCKED}?sort=-changed_at&after=2025-06-01T00:00:00%2B00:00/p0500000"
    ),
    "Stock, low only, changed last": f"{STOCKED}?show=low&sort=-changed_at",
    "Stock, out only, changed last": f"{STOCKED}?show=out&sort=-changed_at",
    "Stock, contains 999, most first": f"{STOCKED}?q=999&sort=-quantity",
    "Stock, low only": f"{STOCKED}?show=low",
    "Stock, low only, from the middle": f"{STOCKED}?show=low&after=p0500000",
    "Stock, out only (6 in all)": f"{STOCKED}?show=out",
    "Stock, low among 11 found": f"{STOCKED}?show=low&q=p012345",
    "Product": f"{STOCKED}/{SHOWN}",
    "Product, version 50,000": f"{STOCKED}/{SHOWN}?version=50000",
    "Product, the oldest page": f"{STOCKED}/{SHOWN}?before=51",
    "Product, unknown": f"{STOCKED}/unknown",
    "Notifications": "/warehouse/low_product_quantity_notifications",
    "Activity": "/warehouse/activity",
    "Activity, shipped only": "/warehouse/activity?type=warehouse.ProductQuantityShipped",
    "Activity, received only": "/warehouse/activity?type=warehouse.ProductQuantityIncreased",
    "Activity, from the middle": "/warehouse/activity?before=500000",
    "Activity, a day": "/warehouse/activity?since=2025-06-01&until=2025-06-01",
    "Activity, three months": "/warehouse/activity?since=2025-04-01&until=2025-06-30",
    "Activity, three months, shipped only (none)": (
        "/warehouse/activity?since=2025-04-01&until=2025-06-30&type=warehouse.ProductQuantityShipped"
    ),
    "Shipping report": "/warehouse/shipping_report",
    "Shipping report, a day": "/warehouse/shipping_report?since=2025-06-01&until=2025-06-01",
    "Activity, notified only (there is none)": (
        "/warehouse/activity?type=warehouse.NotifiedLowProductQuantity"
    ),
}


def fill() -> None:
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM eventstore_event)")
        if cursor.fetchone() == (True,):
            return
        for events in (RECEIVED % PRODUCTS, UP_AND_DOWN % (SHOWN, EVENTS)):
            cursor.execute(LOG % events)
        for sql in (STOCK, TODO, REPORT):
            cursor.execute(sql)
        cursor.execute("VACUUM ANALYZE")


def seconds_of_session() -> float:
    """Time on a processor that the server's process for this session has had."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def measure_processor(path: str, client: Client) -> float:
    """Milliseconds on a processor, here and at the server: nearly the same on a busy machine."""
    client.get(path)
    begin = time.process_time() + seconds_of_session()
    for _ in range(RUNS):
        client.get(path)
    return 1000 * (time.process_time() + seconds_of_session() - begin) / RUNS


def measure(path: str, client: Client) -> tuple[float, int]:
    """The median of the milliseconds, and the number of queries."""
    with CaptureQueriesContext(connection) as captured:
        if client.get(path).status_code != 200:
            raise SystemExit(f"{path} cannot be shown.")
    queries = len(captured)
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        client.get(path)
        times.append(time.perf_counter() - begin)
    return 1000 * statistics.median(times), queries


def main() -> None:
    fill()
    client = Client(headers={"accept": "text/html", "host": "localhost"})
    print("| page | ms | queries |\n| --- | ---: | ---: |")
    for name, path in PAGES.items():
        milliseconds, queries = measure(path, client)
        print(f"| {name} | {milliseconds:.1f} | {queries} |")


if __name__ == "__main__":
    main()
