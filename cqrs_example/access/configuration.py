"""The settings that access reads, each with what holds where it is missing."""

from ipaddress import ip_network
from typing import Any

from django.conf import settings

DEFAULTS: dict[str, Any] = {
    "PERMISSIONS": {},  # permission → the path of the view that takes it
    "OPEN_VIEWS": [],  # paths of views that are open to all and change something, on purpose
    "OPEN_MODE": False,  # whether everyone on this machine may do everything
    "FORWARDED_ALLOW_IPS": [],  # the proxies: addresses, networks, or "*"
    "ACCESS_REALM": "api",  # what a program that sends no token is told that it wants to enter
}


def setting(name: str) -> Any:
    """What a setting says, or what holds where it is missing."""
    return getattr(settings, name, DEFAULTS[name])


def problems() -> list[str]:
    """What is wrong with these settings, in sentences."""
    found = [
        f"settings.{name} = {setting(name)!r}: it must be a {type(default).__name__}."
        for name, default in DEFAULTS.items()
        if not isinstance(setting(name), type(default))
    ]
    return found or [
        f"settings.FORWARDED_ALLOW_IPS has {address!r}, which is no address, no network and not *."
        for address in setting("FORWARDED_ALLOW_IPS")
        if not _is_network(address)
    ]


def _is_network(text: str) -> bool:
    try:
        return text == "*" or bool(ip_network(text, strict=False))
    except ValueError:
        return False
