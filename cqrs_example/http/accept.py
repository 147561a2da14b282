"""What the sender of a request would rather read: JSON or a page."""

from functools import lru_cache

from django.http import HttpRequest

OFFERED = [a + b for b in ("", "; charset=utf-8") for a in ("application/json", "text/html")]


def preferred_type(request: HttpRequest) -> str | None:
    """What the sender would rather read; None when it can read neither."""
    return _preferred_type(request.headers.get("Accept", "*/*"))


@lru_cache(maxsize=256)  # reading it takes a tenth of a request, and few different ones come
def _preferred_type(accept: str) -> str | None:
    request = HttpRequest()
    request.META["HTTP_ACCEPT"] = accept
    return request.get_preferred_type(OFFERED)


def wants_html(request: HttpRequest) -> bool:
    """Whether the sender would rather read a page than JSON, as its `Accept` header says."""
    return (preferred_type(request) or "").startswith("text/html")
