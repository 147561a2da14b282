"""Requests, read strictly: what is not exactly right is refused with a sentence."""

import re
from collections.abc import Collection
from typing import Any, cast
from uuid import UUID, uuid4

from django.http import HttpRequest

from ..messaging import Context
from .strict_json import strictly_read

MOST_BYTES = 16 * 1024
UUID_PATTERN = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


class BadInput(Exception):
    """A request that makes no sense; the message says what was wrong and what would be right.

    `field` is the name of the field that is wrong, if it is one: a form marks it.
    """

    def __init__(self, sentence: str, status: int = 400, field: str = "") -> None:
        super().__init__(sentence)
        self.status, self.field = status, field


def is_json(request: HttpRequest) -> bool:
    """Whether a program sent this. Browsers ask a server before they let the page of another site
    send this type; that is why no CSRF token is needed, and why the type must be exact."""
    return request.content_type == "application/json"


def is_form(request: HttpRequest) -> bool:
    """Whether a page's form sent this."""
    return request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data")


def require_readable(request: HttpRequest, known: Collection[str], most_bytes: int) -> None:
    """Refuse a body that is too large or of unknown length, or neither JSON nor a form in UTF-8;
    and JSON with other keys than those that are known: a misspelt one would be left out for ever.

    To be asked before anything reads the body, the CSRF check included.
    """
    if "Transfer-Encoding" in request.headers:
        # A WSGI application sees a chunked body as an empty one.
        raise BadInput("Send a Content-Length: chunked bodies are not read.", 411)
    if int(request.headers.get("Content-Length") or 0) > most_bytes:
        raise BadInput(f"The body may have {most_bytes:,} bytes at most.", 413)
    if request.method != "POST":
        return
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise BadInput("Send the body as it is, without a Content-Encoding.", 415)
    if not request.content_type and not request.body:
        raise BadInput("The body must be a JSON object, but is empty.")
    charset = (request.content_params or {}).get("charset", "utf-8")
    if not (is_json(request) or is_form(request)) or charset.lower() != "utf-8":
        raise BadInput("The Content-Type must be application/json, in UTF-8.", 415)
    # Of a form that was cut off on its way, `amount=100` may have become `amount=1`.
    if len(request.body) != int(request.headers.get("Content-Length") or 0):
        raise BadInput("The body must be as long as its Content-Length says, but was cut off.")
    if is_json(request) and (unknown := sorted(json_object(request).keys() - known)):
        right = f"JSON with no other keys than {', '.join(sorted(known))}"
        raise BadInput(f"The body must be {right}, but has {str(unknown)[1:-1]:.80}.")


def context(request: HttpRequest) -> Context:
    """A command's context: its ids from the headers or the form, who sends it, and where to.

    The command's id is the header `Idempotency-Key` or the form's field `command_id`; without one
    it is random. Raises `BadInput` where it is no UUID.
    """
    key = request.headers.get("Idempotency-Key", request.POST.get("command_id"))
    command_id = uuid4() if key is None else _uuid(key)
    sent = request.headers.get("X-Correlation-ID", "")
    correlation = UUID(sent) if re.fullmatch(UUID_PATTERN, sent) else command_id
    request.META["REQUEST_ID"] = str(correlation)  # for the answer and the lines of the log
    who = request.user.get_username() or "anonymous"
    return Context(command_id, correlation, who, {"method": request.method, "path": request.path})


def json_object(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of a body; raises `BadInput` where it is none, or is not strictly JSON."""
    try:
        value = strictly_read(request)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"The body must be JSON in UTF-8, but it is not: {error!s:.80}.") from error
    if not isinstance(value, dict):
        raise BadInput("The body must be a JSON object.")
    return cast(dict[str, Any], value)


def _uuid(text: str) -> UUID:
    if re.fullmatch(f'"{UUID_PATTERN}"|{UUID_PATTERN}', text):
        return UUID(text.strip('"'))
    raise BadInput(f"The Idempotency-Key must be a UUID, such as {uuid4()}, but is {text!r:.60}.")
