"""Requests over kept connections, as light as Python allows: the client shares the cores."""

import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

CLIENTS = 8
Request = Callable[[int], bytes]


def post(path: str, body: str = '{"quantity": 1}') -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def get(path: str) -> bytes:
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n\r\n"
    return head.encode()


def per_second(port: int, request: Request, count: int) -> float:
    """Answered requests per second of all clients together; each sends `count`."""
    begin = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda _: _client(port, request, count), range(CLIENTS)))
    return CLIENTS * count / (time.perf_counter() - begin)


def latencies(
    port: int, request: Request, count: int, then: Callable[[int], object] = lambda number: None
) -> list[float]:
    """The milliseconds that each answer to one client took; `then` is called between them."""
    measured: list[float] = []
    with _connected(port) as server:
        for number in range(count):
            begin = time.perf_counter()
            server.sendall(request(number))
            _read_answer(server)
            measured.append(1000 * (time.perf_counter() - begin))
            then(number)
    return measured


def percentile(values: Sequence[float], percent: int) -> float:
    """So many of a hundred values are not above it."""
    return sorted(values)[min(len(values) * percent // 100, len(values) - 1)]


def _client(port: int, request: Request, count: int) -> None:
    with _connected(port) as server:
        for number in range(count):
            server.sendall(request(number))
            _read_answer(server)


def _connected(port: int) -> socket.socket:
    server = socket.create_connection(("127.0.0.1", port))
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return server


def _read_answer(server: socket.socket) -> None:
    received = b""
    while b"\r\n\r\n" not in received:
        received += _some(server)
    head, _, body = received.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head.decode(errors="replace"))
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += _some(server)


def _some(server: socket.socket) -> bytes:
    data = server.recv(65536)
    if not data:
        raise ConnectionError("The server closed the connection.")
    return data
