"""The statements of a command alone: what Django, psycopg and round trips take of it."""

import json
from collections.abc import Callable, Generator, Sequence
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from psycopg.pq import ExecStatus

from cqrs_example.eventstore.appending import APPEND
from cqrs_example.eventstore.log import APPEND_LOCK
from cqrs_example.eventstore.streams import LOCK
from cqrs_example.messaging.upserts import statement
from cqrs_example.projections.replay import projection
from warehouse.events import product_stream

Statement = tuple[str, Sequence[Any]]
Trip = list[Statement]  # what can travel together, because nothing of it waits for an answer
BEGIN: Statement = ("BEGIN", ())
COMMIT: Statement = ("COMMIT", ())


def command(sku: str) -> Generator[Trip, Any, None]:
    """The trips between BEGIN and COMMIT; wants the rows of the first one."""
    rows = yield [(LOCK, [*APPEND_LOCK, json.dumps([product_stream(sku)])])]
    version, on_hand = 0, 0
    [at, *last] = rows[0]
    if last[0] is not None:
        version, on_hand = int(last[3]), json.loads(last[6])["quantity_on_hand"]
    new = str(uuid4())
    event = {
        "id": new,
        "stream": product_stream(sku),
        "version": version + 1,
        "type": "warehouse.ProductQuantityIncreased",
        "schema_version": 1,
        "data": {"sku": sku, "quantity": 1, "quantity_on_hand": on_hand + 1},
        "occurred_at": at,
    }
    origin = {"id": new, "name": "Increase", "fields": {"sku": sku, "quantity": 1}}
    metadata = {"command": origin, "actor": "anonymous", "request": {}}
    product = {"sku": sku, "quantity": on_hand + 1, "changed_at": at}
    [model] = projection("products").MODELS
    yield [
        (APPEND, [new, new, json.dumps(metadata), at, json.dumps([event])]),
        (statement(model, tuple(product)), [json.dumps([product])]),
    ]


def with_django(sku: str) -> None:
    """A cursor for each statement, in `transaction.atomic()`."""
    _prepare_by_psycopg()
    with transaction.atomic():
        _carry_out(command(sku), _by_django)


def with_psycopg(sku: str) -> None:
    """The same connection past Django."""
    _prepare_by_psycopg()
    _by_psycopg([BEGIN])
    _carry_out(command(sku), _by_psycopg)
    _by_psycopg([COMMIT])


def with_two_trips(sku: str) -> None:
    """Past psycopg as well: libpq's pipeline, BEGIN and COMMIT with what stands beside them."""
    connection.ensure_connection()
    trips = command(sku)
    rows = _by_libpq([BEGIN, *next(trips)])
    _by_libpq([*trips.send(rows), COMMIT])


def _carry_out(trips: Generator[Trip, Any, None], send: Callable[[Trip], Any]) -> None:
    rows = send(next(trips))
    send(trips.send(rows))


def _by_django(trip: Trip) -> Any:
    rows: Any = []
    for sql, values in trip:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            rows = cursor.fetchall() if cursor.description else []
    return rows


def _by_psycopg(trip: Trip) -> Any:
    rows: Any = []
    for sql, values in trip:
        cursor = connection.connection.execute(sql, values)
        rows = cursor.fetchall() if cursor.description else []
    return rows


def _prepare_by_psycopg() -> None:
    """Which our own backend does by itself."""
    connection.ensure_connection()
    connection.connection.prepare_threshold = 5


_prepared: dict[str, bytes] = {}


def _by_libpq(trip: Trip) -> Any:
    libpq = connection.connection.pgconn
    names = [_prepare(libpq, sql) for sql, _ in trip]
    libpq.enter_pipeline_mode()
    for name, (_, values) in zip(names, trip, strict=True):
        libpq.send_query_prepared(name, [str(value).encode() for value in values])
    libpq.pipeline_sync()
    results = []
    for _ in trip:
        results.append(libpq.get_result())
        libpq.get_result()  # None: the end of this statement
    libpq.get_result()  # the end of the trip
    libpq.exit_pipeline_mode()
    if failed := [one for one in results if one.status == ExecStatus.FATAL_ERROR]:
        raise RuntimeError(failed[0].error_message.decode())
    last = results[-1]
    return [
        [_text(last.get_value(row, column)) for column in range(last.nfields)]
        for row in range(last.ntuples)
    ]


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def _prepare(libpq: Any, sql: str) -> bytes:
    if sql not in _prepared:
        name = f"bare_{len(_prepared)}".encode()
        numbered = "".join(
            part if number == 0 else f"${number}{part}"
            for number, part in enumerate(sql.split("%s"))
        )
        result = libpq.prepare(name, numbered.encode())
        if result.status != ExecStatus.COMMAND_OK:
            raise RuntimeError(result.error_message.decode())
        _prepared[sql] = name
    return _prepared[sql]
