"""The address that a request comes from, if proxies stand before the server."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.http import HttpRequest

from .configuration import setting

Address = IPv4Address | IPv6Address
ELEMENTS = re.compile(r'(?:[^,"]|"[^"]*")+')
FOR = re.compile(r'(?:^|;)\s*for\s*=\s*("[^"]*"|[^;"]*)', re.IGNORECASE)


def client_address(request: HttpRequest) -> str:
    """The last address on the request's way that is no proxy of settings.FORWARDED_ALLOW_IPS.

    Each proxy appends the address that it got the request from. So the list is read from its end,
    up to the first address that is no proxy of ours, or that cannot be read: everything before it
    may be made up by that sender.
    """
    peer: str = request.META.get("REMOTE_ADDR", "")
    address = _address(peer)
    # A peer without an address is at the other end of a Unix socket: a proxy. With *, the peer
    # counts as the only proxy.
    if peer and "*" not in setting("FORWARDED_ALLOW_IPS") and not _is_proxy(address):
        return str(address or peer)
    for claimed in map(_address, _claims(request)):
        if claimed is None:
            break
        address = claimed
        if not _is_proxy(address):
            break
    return str(address or peer)


def is_forwarded(request: HttpRequest) -> bool:
    """Whether a proxy forwarded this request, as the headers of proxies say."""
    return any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip"))


def _claims(request: HttpRequest) -> Iterator[str]:
    """The addresses that the proxies appended, the nearest first, from `X-Forwarded-For` or from
    `Forwarded` (RFC 7239)."""
    if "X-Forwarded-For" in request.headers:
        yield from (
            address
            for address in request.headers["X-Forwarded-For"].split(",")[::-1]
            if address.strip()
        )
        return
    for element in ELEMENTS.findall(request.headers.get("Forwarded", ""))[::-1]:
        match = FOR.search(element)
        yield match[1].strip().strip('"') if match else "unknown"


def _address(text: str) -> Address | None:
    """The address that a proxy wrote, perhaps with a port, in brackets, with a zone, or as an IPv4
    address in an IPv6 one. None for `unknown`, for a name such as `_hidden`, and for other text."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_proxy(address: Address | None) -> bool:
    named = (
        ip_network(network, strict=False)
        for network in setting("FORWARDED_ALLOW_IPS")
        if network != "*"
    )
    return address is not None and any(address in network for network in named)
