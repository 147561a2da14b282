"""The settings that access reads, with their default values."""

from ipaddress import ip_network
from typing import Any

from django.conf import settings

DEFAULTS: dict[str, Any] = {
    "PERMISSIONS": {},  # maps a permission to the path of the view that needs it
    "OPEN_VIEWS": [],  # paths of views that change something and need no login, on purpose
    "OPEN_MODE": False,  # whether everyone on this machine may do everything
    "FORWARDED_ALLOW_IPS": [],  # the proxies: addresses, networks, or "*"
    "ACCESS_REALM": "api",  # the realm in the answer to a program without a valid token (RFC 6750)
}


def setting(name: str) -> Any:
    """The value of a setting, or its default."""
    return getattr(settings, name, DEFAULTS[name])


def problems() -> list[str]:
    """A sentence for each of these settings that has a wrong type or a wrong address."""
    wrong_types = [
        f"settings.{name} = {setting(name)!r}: it must be a {type(default).__name__}."
        for name, default in DEFAULTS.items()
        if not isinstance(setting(name), type(default))
    ]
    return wrong_types or [
        f"settings.FORWARDED_ALLOW_IPS has {address!r}, which is no address, no network and not *."
        for address in setting("FORWARDED_ALLOW_IPS")
        if not _is_network(address)
    ]


def _is_network(text: str) -> bool:
    try:
        return text == "*" or bool(ip_network(text, strict=False))
    except ValueError:
        return False
