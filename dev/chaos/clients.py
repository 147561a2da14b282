"""Clients that send commands, each under a key, and write down what came of them."""

import http.client
import json
import random
import threading
import time
from collections.abc import Iterator

from dev.chaos.books import ACKNOWLEDGED, REFUSED, UNKNOWN, Sent
from dev.processes import wait_until

CLIENTS = 8
SKUS = [f"chaos-{number:02}" for number in range(40)]
HOT = SKUS[0]
TIMEOUT = 12  # seconds: longer than what the server allows the database


class Load:
    """Clients at work from `start` to `stop`; their common book, and the answers they got."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.book: list[Sent] = []
        # Lists, because appending is safe among threads, and counting is not.
        self.answers: list[int] = []
        self.failures: list[Sent] = []  # what had no outcome, each time it was sent
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        self._stopping.clear()
        self._threads = [threading.Thread(target=self._client) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Each client waits for the answer that it is owed, and ends."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int, after: float = 0.0) -> float:
        """Waits until so many commands were acknowledged after a moment; that of the first."""
        start = len(self.book)
        moments: list[float] = []

        def came() -> bool:
            # Not from the start of the book: what was sent before the moment was answered, but
            # for the few on their way, and asking all of a long book again takes the GIL.
            recent = self.book[max(0, start - CLIENTS) :]
            moments[:] = [
                one.answered_at
                for one in recent
                if one.outcome == ACKNOWLEDGED and one.answered_at >= after
            ]
            return len(moments) >= more

        wait_until(came, "commands that are acknowledged")
        return min(moments)

    def turns(self, count: int, commands: int) -> Iterator[int]:
        """So many turns, with so many acknowledged commands between one and the next."""
        for turn in range(count):
            if turn:
                self.wait_for(commands, after=time.monotonic())
            yield turn

    def wait_for_failures(self, more: int) -> None:
        """Waits until so many commands more had no outcome: the fault is felt."""
        most = len(self.failures) + more
        wait_until(lambda: len(self.failures) >= most, "commands that fail")

    def resolve(self) -> int:
        """Sends what is unknown again under its key until each has an outcome; how many."""
        unknown = [one for one in self.book if one.outcome == UNKNOWN]
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        for one in unknown:
            wait_until(lambda one=one: self._send(client, one), f"an answer to {one.key}")  # type: ignore[misc]
        client.close()
        return len(unknown)

    def _client(self) -> None:
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        while not self._stopping.is_set():
            self.book.append(chosen := choose())
            if not self._send(client, chosen):
                self._stopping.wait(0.05)  # as a polite client: not as fast as it can
        client.close()

    def _send(self, client: http.client.HTTPConnection, one: Sent) -> bool:
        """Sends a command and writes down its outcome; False when that is still unknown."""
        verb = "increase" if one.change > 0 else "ship"
        body = json.dumps({"quantity": abs(one.change)})
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(one.key)}
        headers["Accept"] = "application/json"
        path = f"/warehouse/products/{one.sku}/{verb}_quantity"
        try:
            client.request("POST", path, body, headers)
            response = client.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException):
            client.close()
        else:
            self.answers.append(response.status)
            one.outcome = outcome(response.status, text)
            one.answered_at = time.monotonic()
        if one.outcome == UNKNOWN:
            self.failures.append(one)
        return one.outcome != UNKNOWN


def choose() -> Sent:
    """One in four for the same product; more comes in than goes out, and some cannot go out."""
    sku = HOT if random.random() < 0.25 else random.choice(SKUS)  # noqa: S311 (no secret)
    return Sent(sku, random.choice([3, 7, 20, -1, -6, -15, -30]))  # noqa: S311


def outcome(status: int, text: str) -> str:
    if status == 200:
        return ACKNOWLEDGED
    return REFUSED if status == 400 and "Insufficient" in text else UNKNOWN
