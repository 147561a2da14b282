"""Where a request comes from, when a proxy stands before the server."""

from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The other end of the connection; where that is a proxy of settings.FORWARDED_ALLOW_IPS, the
    address that it says last. What stands before that, a client may have made up."""
    peer: str = request.META.get("REMOTE_ADDR", "")
    told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return told if _is_address(told) and _is_proxy(peer) else peer


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text)) and "%" not in text
    except ValueError:
        return False


def _is_proxy(peer: str) -> bool:
    proxies = settings.FORWARDED_ALLOW_IPS
    if not peer or "*" in proxies:  # without a name: the other end of a Unix socket
        return True
    return any(ip_address(peer) in ip_network(one) for one in proxies)
