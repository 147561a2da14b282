"""The Postgres of a run: its own, with the settings of a fresh installation, and pgbench."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dev.bench.django_process import ENVIRONMENT, FOLLOWED
from dev.cluster import Cluster, ensure_running, stop
from dev.connection import connect
from dev.failure import DevError
from dev.places import ROOT, outside, private
from dev.programs import find_programs

# The transaction of a command, as the application sends it, one statement per round trip.
COMMAND = """\\set n random(1, {products})
BEGIN;
SELECT coalesce(version, 0) + 1 AS next, gen_random_uuid() AS new, position, id, stream, type,
    coalesce((data ->> 'quantity_on_hand')::bigint, 0) + 1 AS total, schema_version, data,
    correlation_id, causation_id, metadata, recorded_at::text, occurred_at::text
    FROM (SELECT) AS one LEFT JOIN eventstore_lock(1702258030, 1953693696,
        jsonb_build_array('product-b' || (:n)::text)) ON true \\gset
INSERT INTO eventstore_event (id, stream, version, type, schema_version, data, correlation_id,
    causation_id, metadata, recorded_at, occurred_at)
    SELECT (:new)::text::uuid, 'product-b' || (:n)::text, (:next)::int,
        'warehouse.ProductQuantityIncreased', 1,
        jsonb_build_object('sku', 'b' || (:n)::text, 'quantity', 1,
            'quantity_on_hand', (:total)::bigint),
        (:new)::text::uuid, (:new)::text::uuid,
        '{{"actor": "anonymous", "request": {{}}, "command": {{"name": "Increase"}}}}',
        statement_timestamp(), statement_timestamp()
    RETURNING position, id, stream, version, type, schema_version, data, correlation_id,
        causation_id, metadata, recorded_at::text, occurred_at::text;
INSERT INTO warehouse_products_product (sku, quantity, changed_at)
    VALUES ('b' || (:n)::text, (:total)::bigint, now())
    ON CONFLICT (sku) DO UPDATE SET quantity = excluded.quantity, changed_at = excluded.changed_at;
COMMIT;
"""


class Postgres:
    """A server, and databases in it."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        ensure_running(cluster)

    def url(self, database: str = "warehouse") -> str:
        return self.cluster.url(database)

    def create(self, database: str) -> None:
        with connect(self.url("postgres")) as connection:
            connection.execute(f"CREATE DATABASE {database}")

    def create_followed(self, database: str) -> None:
        """A database of `persisted_async`, whose workers begin at its first event."""
        self.create(database)
        self.migrate(database)
        manage(self.url(database), FOLLOWED, "subscriptions", "switch")

    def migrate(self, database: str = "warehouse") -> None:
        manage(self.url(database), ENVIRONMENT, "migrate")

    def pgbench(self, products: int, clients: int, commands: int) -> float:
        """Transactions per second of pgbench with the command's own statements."""
        script = self.cluster.folder.parent / "command.sql"
        script.write_text(COMMAND.format(products=products))
        words = ["-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-t", str(commands)]
        environment = {**os.environ, "PGHOST": str(self.cluster.sockets), "PGUSER": "postgres"}
        done = subprocess.run(
            [find_programs() / "pgbench", *words, "-f", script, "warehouse"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        found = re.search(r"tps = ([\d.]+)", done.stdout)
        if done.returncode or not found:
            raise DevError(f"pgbench failed: {done.stderr.strip()}")
        return float(found[1])


def manage(url: str, settings: Mapping[str, str], *command: str) -> None:
    """A command of `manage.py` on a database."""
    subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env={**os.environ, **settings, "DATABASE_URL": url},
        check=True,
        stdout=subprocess.DEVNULL,
    )


@contextmanager
def own_postgres() -> Iterator[Postgres]:
    """A new server, stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=outside()))
    folder.chmod(0o755)
    server = private(folder / "server")
    cluster = Cluster(server, server, ("max_connections=100",))
    try:
        postgres = Postgres(cluster)
        postgres.migrate()
        yield postgres
    finally:
        stop(cluster)
        shutil.rmtree(folder)
