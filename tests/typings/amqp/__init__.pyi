"""The types of what the block `rabbitmq` uses of amqp, which has none of its own."""

from collections.abc import Callable, Mapping
from socket import socket
from typing import Any

from . import exceptions as exceptions
from .exceptions import AMQPError as AMQPError

class Message:
    body: str | bytes
    delivery_tag: int
    def __init__(self, body: str | bytes = ..., **properties: Any) -> None: ...

class Transport:
    sock: socket

class Channel:
    events: dict[str, set[Callable[..., object]]]
    def basic_ack(self, delivery_tag: int, multiple: bool = ...) -> None: ...
    def basic_consume(self, queue: str, *, callback: Callable[[Message], object]) -> str: ...
    def basic_publish(
        self, msg: Message, exchange: str = ..., routing_key: str = ..., *, mandatory: bool = ...
    ) -> None: ...
    def basic_qos(self, prefetch_size: int, prefetch_count: int, a_global: bool) -> None: ...
    def confirm_select(self) -> None: ...
    def exchange_declare(
        self, exchange: str, type: str, *, durable: bool = ..., auto_delete: bool = ...
    ) -> None: ...
    def queue_bind(self, queue: str, exchange: str, routing_key: str = ...) -> None: ...
    def queue_declare(
        self,
        queue: str,
        *,
        durable: bool = ...,
        auto_delete: bool = ...,
        arguments: Mapping[str, object] = ...,
    ) -> object: ...
    def queue_purge(self, queue: str) -> int: ...

class Connection:
    host: str
    transport: Transport
    on_blocked: Callable[[str], object]
    on_unblocked: Callable[[], object]
    def __init__(
        self,
        *,
        host: str,
        userid: str,
        password: str,
        login_method: str,
        virtual_host: str,
        ssl: bool,
        connect_timeout: float,
        heartbeat: float,
    ) -> None: ...
    def channel(self) -> Channel: ...
    def collect(self) -> None: ...
    def connect(self) -> None: ...
    def drain_events(self, timeout: float | None = ...) -> None: ...
    def heartbeat_tick(self) -> None: ...
