"""The open mode is for trying out on one's own machine: a server must not offer it to others."""

import os
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address

LOOKED_AT = "OPEN_MODE_IS_SERVED_HERE_ONLY"


def refusal(hosts: Iterable[str], is_open: bool | None = None) -> str | None:
    """A sentence that says why a server that listens on these hosts must not start, or None.

    `is_open` is whether the open mode is on; unless given, the environment says it. After None,
    `refusal_of_others` lets this process and its children load wsgi.py.
    """
    if not (os.environ.get("OPEN_MODE") == "1" if is_open is None else is_open):
        return None
    elsewhere = [host for host in hosts if not is_here(host)]
    if not elsewhere:
        os.environ[LOOKED_AT] = "1"
        return None
    return (
        "OPEN_MODE=1 lets everyone do everything, so it is not served on"
        f" {elsewhere[0] or 'every address'}:"
        " set OPEN_MODE=0, or listen on 127.0.0.1."
    )


def refusal_of_others() -> str | None:
    """A sentence that says why another server must not load wsgi.py, or None.

    A server that has not called `refusal` may listen on any address.
    """
    if os.environ.get("OPEN_MODE") != "1" or os.environ.get(LOOKED_AT) == "1":
        return None
    return (
        "OPEN_MODE=1 lets everyone do everything, so only gunicorn with gunicorn.conf.py and"
        " `manage.py runserver` serve it, on this machine alone: set OPEN_MODE=0, or use these."
    )


@lru_cache(maxsize=256)  # each request asks this, of few different addresses
def is_here(host: str) -> bool:
    """Whether an address or a name is this machine's own."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return host == "localhost"
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
