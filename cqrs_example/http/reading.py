"""Read requests strictly: a request that is not exactly right is refused with a sentence."""

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
    """A request that is not right; the message says what was sent and what would be right.

    `status` is that of the answer. `field` names the field that is wrong, if one is: a form marks
    it.
    """

    def __init__(self, sentence: str, status: int = 400, field: str = "") -> None:
        super().__init__(sentence)
        self.status, self.field = status, field


def is_json(request: HttpRequest) -> bool:
    """Whether a program sent this request, as its Content-Type says.

    JSON needs no CSRF token: before a browser lets a page of another site send this type, it asks
    our server, which does not allow it. This holds for this very type only, so it must be exact.
    """
    return request.content_type == "application/json"


def is_form(request: HttpRequest) -> bool:
    """Whether the form of a page sent this request."""
    return request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data")


def require_readable(request: HttpRequest, known: Collection[str], most_bytes: int) -> None:
    """Raise `BadInput` for a body that cannot be read, and for JSON with keys that are not `known`.

    A body can be read if it has a length, up to `most_bytes`, and is JSON or a form in UTF-8. Call
    this before anything else reads the body, the CSRF check included.
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
    # A form that was cut off on its way may say `amount=1` where the sender wrote `amount=100`.
    if len(request.body) != int(request.headers.get("Content-Length") or 0):
        raise BadInput("The body must be as long as its Content-Length says, but was cut off.")
    if is_json(request) and (unknown := sorted(json_object(request).keys() - known)):
        right = f"JSON with no other keys than {', '.join(sorted(known))}"
        raise BadInput(f"The body must be {right}, but has {str(unknown)[1:-1]:.80}.")


def context(request: HttpRequest) -> Context:
    """The context of the command that a request sends: its ids, its actor, and where it was sent.

    The command's id is the header `Idempotency-Key` or the form's field `command_id`; without one
    it is random. Raises `BadInput` if it is no UUID. The correlation id is the header
    `X-Correlation-ID`, if that is a UUID, and otherwise the command's id.
    """
    key = request.headers.get("Idempotency-Key", request.POST.get("command_id"))
    command_id = uuid4() if key is None else _uuid(key)
    sent = request.headers.get("X-Correlation-ID", "")
    correlation = UUID(sent) if re.fullmatch(UUID_PATTERN, sent) else command_id
    # `correlation.py` and `logs.py` put it into the answer and into the lines of the program's log.
    request.META["REQUEST_ID"] = str(correlation)
    actor = request.user.get_username() or "anonymous"
    return Context(command_id, correlation, actor, {"method": request.method, "path": request.path})


def json_object(request: HttpRequest) -> dict[str, Any]:
    """The JSON object that a body holds; raises `BadInput` if it holds no object, or no strict
    JSON."""
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
