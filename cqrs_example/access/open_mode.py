"""The open mode is for trying out on one's own machine: it is not served to others."""

import os
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address

LOOKED_AT = "OPEN_MODE_IS_SERVED_HERE_ONLY"


def refusal(hosts: Iterable[str], is_open: bool | None = None) -> str | None:
    """Why a server that listens on these hosts must not start; None when it may, and wsgi.py can be
    loaded in this process and its children. `is_open`: unless given, what the environment says."""
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
    """Why the application must not be served: nobody has asked `refusal` where that is."""
    if os.environ.get("OPEN_MODE") != "1" or os.environ.get(LOOKED_AT) == "1":
        return None
    return (
        "OPEN_MODE=1 lets everyone do everything, so it is served by gunicorn.conf.py or"
        " `manage.py runserver` only, which look where that is: set OPEN_MODE=0, or use these."
    )


@lru_cache(maxsize=256)  # each request asks for where it comes from, and few different ones come
def is_here(host: str) -> bool:
    """Whether an address or a name is this machine's own."""
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return host == "localhost"
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
