"""What other programs read: the schemas are those of the contracts, and the consumer of the page
runs."""

import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import amqp
import jsonschema_rs
import pytest

from cqrs_example.eventstore.contracts import contracts
from cqrs_example.rabbitmq.broker import connected
from cqrs_example.rabbitmq.envelope import message, routing_key
from cqrs_example.subscriptions.following import rows_between
from dev.failure import DevError
from dev.message_schemas import write
from dev.processes import free_port
from dev.rabbitmq import PROGRAM, Rabbit
from tests.racing import until

from .given import received, shipped

ROOT = Path(__file__).parent.parent.parent
MESSAGES = ROOT / "docs" / "messages"
PAGE = (ROOT / "docs" / "subscriptions.md").read_text()


def recorded() -> Any:
    received("abc", 10)
    for _ in range(3):
        shipped("abc", 2)
    return rows_between(0, 2**62)


def test_every_event_has_its_schema(tmp_path: Path) -> None:
    there = {path.name for path in MESSAGES.glob("*.json")}
    wanted = {f"{name}.v{version}.json" for name, version in contracts()}
    assert there == wanted, "Write what is missing: python -m dev.message_schemas docs/messages"
    write(tmp_path)
    for file in tmp_path.iterdir():
        assert (MESSAGES / file.name).read_text() == file.read_text()


def test_schema_that_would_change_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    file = tmp_path / "warehouse.ProductQuantityShipped.v2.json"
    file.write_text(file.read_text().replace('"sku"', '"product"'))
    with pytest.raises(DevError, match="give the event another schema_version"):
        write(tmp_path)


@pytest.mark.slices("low_product_quantity_notification")
def test_what_is_stored_is_what_the_schema_says(db: None) -> None:
    rows = recorded()
    for row in rows:
        schema = json.loads((MESSAGES / f"{routing_key(row)}.json").read_text())
        jsonschema_rs.validate(schema, json.loads(row[6]))
        with pytest.raises(jsonschema_rs.ValidationError):
            jsonschema_rs.validate(schema, {})
    assert len(rows) == 5


@pytest.mark.slow
@pytest.mark.skipif(not PROGRAM.exists(), reason="There is no rabbitmq-server here.")
def test_consumer_of_the_page(db: None, settings: Any, tmp_path: Path) -> None:
    """Each message three times: each event counts once."""
    [code] = re.findall(r"<!-- write: shipped.py -->\n```python\n(.*?)```\n", PAGE, re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 30
    (tmp_path / "shipped.py").write_text(code)
    rabbit, database = (
        Rabbit(tmp_path / "rabbitmq", free_port(following=1)),
        tmp_path / "shipped.db",
    )
    rabbit.start()
    settings.BROKER_URL = rabbit.url
    with connected() as broker:
        channel = broker.channel()
    program = subprocess.Popen([sys.executable, "shipped.py", rabbit.url, database], cwd=tmp_path)
    try:
        with connected() as broker:
            channel = broker.channel()
            until(lambda: _bound(channel))
            for row in list(recorded()) * 3:
                channel.basic_publish(message(row, 0), "events", routing_key(row))
            until(lambda: _shipped(database) == [("abc", 6)])
            until(lambda: channel.queue_declare("shipped", passive=True).message_count == 0)
    finally:
        program.kill()
        program.wait()
        rabbit.kill()
    assert _shipped(database) == [("abc", 6)]


def _bound(channel: Any) -> bool:
    """Once a message for the consumer is not returned any more."""
    returned: list[Any] = []
    channel.events["basic_return"] = {lambda *what: returned.append(what)}
    channel.confirm_select()
    channel.basic_publish_confirm(
        amqp.Message('{"id": "first", "data": {"sku": "abc", "quantity": 0}}'),
        "events",
        "warehouse.ProductQuantityShipped.v2",
        mandatory=True,
    )
    return not returned


def _shipped(database: Path) -> list[Any]:
    with sqlite3.connect(database) as books:
        return books.execute("SELECT * FROM shipped").fetchall()
