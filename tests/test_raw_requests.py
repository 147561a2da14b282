"""Requests that no well-behaved client sends, to gunicorn as in production: DEBUG=0."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import connection

from .bank.serving import BankServer
from .databases import url
from .fixtures import empty_all_tables
from .raw_requests import ACCEPTED, GOOD, JSON, REFUSED
from .serving import Server

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("bank"),
]


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: Any) -> Iterator[BankServer]:
    """It has some of abc123; how many is different after each test that does something."""
    with django_db_blocker.unblock():
        server = BankServer(
            {
                "DATABASE_URL": url(connection.settings_dict["NAME"]),
                "DEBUG": "0",
                "HTTPS": "0",
                "ALLOWED_HOSTS": "localhost,127.0.0.1",
                "SECRET_KEY": "of a test; " * 5,
            }
        )
        server.deposit("abc123", 10)
        yield server
        server.stop()
        empty_all_tables()


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=30)


def statuses(server: Server, request: bytes) -> list[int]:
    """What is answered until the server closes the connection."""
    with connect(server) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)  # no more will come
        return statuses_in(client)


def statuses_in(client: socket.socket) -> list[int]:
    with client.makefile("rb") as answers:
        found = re.findall(rb"HTTP/1\.\d (\d{3}) ", answers.read())
    return [int(status) for status in found if status != b"100"]  # 100: "go on"


@pytest.mark.parametrize("name", REFUSED)
def test_refused(server: BankServer, everything: Callable[[], Any], name: str) -> None:
    before = everything()
    request, status = REFUSED[name]
    answered = statuses(server, request)
    assert answered[:1] == ([] if status is None else [status])
    # What follows a request that was not understood is not understood either.
    assert set(answered[1:]) <= {400}
    assert everything() == before


@pytest.mark.parametrize("name", ACCEPTED)
def test_done_exactly_once(server: BankServer, log: Callable[[], list[str]], name: str) -> None:
    before, balance = log(), server.balances()["abc123"]
    first, *more = statuses(server, ACCEPTED[name])
    assert first == 200
    assert set(more) <= {200, 400}
    assert log() == [*before, f"Deposited 125 in abc123, {balance + 125} there"]
    assert server.balances() == {"abc123": balance + 125}


def test_two_requests_at_once_are_done_in_their_order(
    server: BankServer, log: Callable[[], list[str]]
) -> None:
    before, balance = log(), server.balances()["abc123"]
    withdraw = GOOD.replace(b"deposit", b"withdraw").replace(b": 125", b": 124")
    assert statuses(server, GOOD + withdraw) == [200, 200]
    deposited, withdrawn = log()[len(before) :]
    assert deposited == f"Deposited 125 in abc123, {balance + 125} there"
    assert withdrawn == f"Withdrew 124 from abc123, {balance + 1} left"


def test_request_in_single_bytes_is_done_once(
    server: BankServer, log: Callable[[], list[str]]
) -> None:
    before = log()
    with connect(server) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in GOOD:
            client.send(bytes([byte]))
        client.shutdown(socket.SHUT_WR)
        assert statuses_in(client) == [200]
    assert len(log()) == len(before) + 1


@pytest.mark.parametrize("sent", [b"", b"POST /acco", JSON, GOOD[:-1]], ids=len)
def test_clients_that_stall_hold_up_nobody_and_do_nothing(
    server: BankServer, everything: Callable[[], Any], sent: bytes
) -> None:
    """As many as leave a thread in each of the 2 workers; a proxy has to keep more of them away."""
    before = everything()
    with ExitStack() as stalled:
        for _ in range(3):
            stalled.enter_context(connect(server)).sendall(sent)
        assert server.deposit("abc123", 0).status == 400
        assert server("GET", "/readyz").status == 200
        assert everything() == before
    assert server("GET", "/readyz").status == 200
    assert everything() == before
