"""Where a request comes from, when proxies stand before the server."""

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.http import HttpRequest

from .configuration import setting

Address = IPv4Address | IPv6Address
ELEMENTS = re.compile(r'(?:[^,"]|"[^"]*")+')
FOR = re.compile(r'(?:^|;)\s*for\s*=\s*("[^"]*"|[^;"]*)', re.IGNORECASE)


def client_address(request: HttpRequest) -> str:
    """The nearest address on the way here that is none of ours (settings.FORWARDED_ALLOW_IPS).

    Each proxy adds at the end whom it has the request from. What stands before the first stranger,
    that stranger may have made up; what cannot be read ends the way as well.
    """
    peer: str = request.META.get("REMOTE_ADDR", "")
    address = _address(peer)
    # Without a name: the other end of a Unix socket. With *, no proxy is named: one is passed by.
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
    """Whether a proxy says that it has this request from somebody else."""
    return any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip"))


def _claims(request: HttpRequest) -> Iterator[str]:
    """Who the request came from, the nearest first; Forwarded is RFC 7239's."""
    if "X-Forwarded-For" in request.headers:
        yield from (
            address
            for address in request.headers["X-Forwarded-For"].split(",")[::-1]
            if address.strip()
        )
        return
    for element in ELEMENTS.findall(request.headers.get("Forwarded", ""))[::-1]:
        found = FOR.search(element)
        yield found[1].strip().strip('"') if found else "unknown"


def _address(text: str) -> Address | None:
    """As proxies write it: with a port, in brackets, with a zone, an IPv4 address in an IPv6 one.
    None for `unknown`, for a made-up name such as `_hidden`, and for nonsense."""
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
