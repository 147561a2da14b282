"""gunicorn as users start it, and a plain HTTP client for it."""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any, ClassVar

from django.db import connection

from .heard import subscribe, until_heard

ROOT = Path(__file__).parent.parent
PRODUCTION = {
    "DEBUG": "0",
    "OPEN_MODE": "",
    "HTTPS": "0",
    "ALLOWED_HOSTS": "127.0.0.1",
    "SECRET_KEY": "of-these-tests-and-as-long-as-it-has-to-be-0123456789",
}


class Server:
    """A gunicorn of our own, with these variables in its environment."""

    wiring: ClassVar[dict[str, Any]] = {}  # where it is not that of the test run's settings

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.log = ROOT / ".pytest_cache" / f"gunicorn-{os.getpid()}.log"
        self.start()

    def start(self, ready: int = 200) -> None:
        """Returns when /readyz answers with this status."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log.parent.mkdir(exist_ok=True)
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "cqrs_example.wsgi", "--workers", "2"],
                cwd=ROOT,
                env={**os.environ, **self.environment, "PORT": str(self.port)},
                stderr=log,
            )
        deadline = time.monotonic() + 30
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                if self.ask("GET", "/readyz").status == ready:
                    return
            except ConnectionError:
                pass
            time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"gunicorn did not start: {self.log.read_text()}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)

    def restart(self) -> None:
        self.stop()
        self.start()

    def __call__(
        self, method: str, path: str, body: bytes | str | None = None, **headers: str
    ) -> "Answer":
        """One request; header_names_like_this. What was recorded before it, and by it, is heard."""
        subscribe(**self.wiring)
        until_heard()
        answer = self.ask(method, path, body, **headers)
        until_heard()
        return answer

    def ask(
        self, method: str, path: str, body: bytes | str | None = None, **headers: str
    ) -> "Answer":
        """The same without waiting, on a connection of its own."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as client:
            client.request(method, path, body, names)
            return Answer(client.getresponse())

    def post(self, path: str, body: str, **headers: str) -> "Answer":
        return self("POST", path, body, **{"Content_Type": "application/json", **headers})

    def increase(self, sku: str, quantity: object, **headers: str) -> "Answer":
        path = f"/warehouse/products/{sku}/increase_quantity"
        return self.post(path, f'{{"quantity": {quantity}}}', **headers)

    def ship(self, sku: str, quantity: object, **headers: str) -> "Answer":
        path = f"/warehouse/products/{sku}/ship_quantity"
        return self.post(path, f'{{"quantity": {quantity}}}', **headers)

    def stock(self) -> dict[str, int]:
        """The product list, SKU by SKU, in its order."""
        products = json.loads(self("GET", "/warehouse/products", Accept="application/json").body)
        return {product["sku"]: product["quantity"] for product in products}


class Answer:
    def __init__(self, response: Any) -> None:
        self.status: int = response.status
        self.headers = response.headers
        self.body: bytes = response.read()

    def __repr__(self) -> str:
        return f"{self.status} {self.body!r}"

    @property
    def text(self) -> str:
        return self.body.decode()


def database_url() -> str:
    """The test database, for another process."""
    values = connection.settings_dict
    keys = ("HOST", "PORT", "USER", "PASSWORD")
    where = " ".join(f"{key.lower()}='{values[key]}'" for key in keys if values[key])
    return f"{where} dbname='{values['NAME']}'"


def raw(server: Server, request: bytes) -> Answer:
    """Bytes as they are: what a well-behaved client would not send."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)  # no more will come
        response = HTTPResponse(client)
        response.begin()
        return Answer(response)
