"""The open mode is for trying out on one's own machine: it is not served to others."""

import os
from collections.abc import Iterable
from ipaddress import ip_address


def refusal(hosts: Iterable[str]) -> str | None:
    """Why a server that listens on these hosts must not start; None when it may."""
    if os.environ.get("OPEN_MODE") != "1":
        return None
    elsewhere = [host for host in hosts if not _is_here(host)]
    if not elsewhere:
        return None
    return (
        "OPEN_MODE=1 lets everyone do everything, so it is not served on"
        f" {elsewhere[0] or 'every address'}:"
        " set OPEN_MODE=0, or listen on 127.0.0.1."
    )


def _is_here(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
