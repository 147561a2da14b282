"""An import that is killed, or done twice at the same time, has each line in the log once."""

import signal
import subprocess
import sys
from collections import Counter
from functools import partial
from io import StringIO

import pytest
from django.core.management import call_command

from cqrs_example.eventstore import last_event, read_all
from cqrs_example.eventstore.log import APPEND_LOCK
from tests.managing import environment, manage
from tests.racing import PATIENCE, all_at_once, holding, until, waiting_for
from tests.serving import ROOT
from warehouse.events import product_stream
from warehouse.tests.given import received as received_one

from .. import importing

pytestmark = pytest.mark.django_db(transaction=True)
SETTINGS = "cqrs_example.settings.persisted_sync"


@pytest.fixture
def stock(tmp_path):
    """2,000 lines, two chunks: of a, then of b."""
    path = tmp_path / "stock.csv"
    path.write_text("sku,quantity\n" + "a,1\n" * 1000 + "b,1\n" * 1000)
    return path


def run(path):
    out = StringIO()
    call_command("import_stock", str(path), stdout=out)
    return out.getvalue()


def received():
    return Counter(event.data.sku for event in read_all())


@pytest.mark.slow
def test_killed_between_its_chunks(stock):
    lock = "SELECT FROM eventstore_lock({}, {}, '[\"product-b\"]')".format(*APPEND_LOCK)
    with holding(lock) as (holder, _):
        process = subprocess.Popen(
            [sys.executable, "manage.py", "import_stock", str(stock)],
            cwd=ROOT,
            env=environment(SETTINGS),
        )
        until(lambda: waiting_for(holder))
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
    assert received() == {"a": 1000}
    assert (
        run(stock) == f"Imported 1,000 of 2,000 lines of {stock}; 1,000 had been imported before.\n"
    )
    assert received() == {"a": 1000, "b": 1000}


def test_two_at_once(stock, monkeypatch):
    monkeypatch.setattr(importing, "CHUNK", 100)
    all_at_once([partial(run, stock)] * 2)
    assert received() == {"a": 1000, "b": 1000}


def test_beside_other_writers(stock, monkeypatch):
    monkeypatch.setattr(importing, "CHUNK", 50)

    def receive():
        for _ in range(50):
            received_one("a", 1)

    all_at_once([partial(run, stock), receive, receive])
    assert last_event(product_stream("a")).data.quantity_on_hand == 1100


def test_command_line_says_what_is_wrong_without_a_traceback(tmp_path):
    path = tmp_path / "stock.csv"
    path.write_text("sku,quantity\na,0\n")
    code, _, error = manage("import_stock", str(path), settings=SETTINGS)
    assert code == 1
    assert f"CommandError: Nothing of {path} was imported.\nline 2: the quantity" in error
    assert "Traceback" not in error
