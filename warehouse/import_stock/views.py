"""The same in the browser: a file, then what is in it, then the confirmation.

The page that shows a file has its bytes in the form, so the confirmation brings them back. They are
read and checked again, as if they came for the first time, and nothing is kept here in between. The
form has them as base64: a browser writes the ends of lines anew in a text that it sends, so that
another file would be imported than the one that was shown.
"""

from base64 import b64decode, b64encode
from io import BytesIO, StringIO

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cqrs_example.eventstore.looking import events_between
from cqrs_example.http import (
    BadInput,
    as_json,
    context,
    done,
    endpoint,
    field,
    is_visible,
    refused,
    text,
    wants_html,
)
from cqrs_example.http.reading import is_json
from cqrs_example.messaging import CommandIdReused, DomainError
from cqrs_example.progress import counted

from .importing import CannotImport, Checked, check, import_rows
from .preview import preview
from .reading import HEADERS

# All of it is in memory, and somebody waits: 20,000 lines take a few seconds. The command line
# takes files of any size.
MOST_BYTES, MOST_LINES = 512 * 1024, 20_000
MOST_OF_A_BODY = 2 * 1024 * 1024  # a file that is too large is told so on the page, up to this
LIMITS = {"columns": HEADERS[-1], "most_bytes": MOST_BYTES, "most_lines": MOST_LINES}
TOO_LARGE = "{} at most are imported here: split the file, or use manage.py import_stock."
TEMPLATE = "warehouse/import_stock/import.html"
AGAIN = "What was imported before that stays; the same file, sent again, goes on from there."


@endpoint(
    "GET", "POST", "HEAD", fields=["name", "content", "leave_out_zeros"], most_bytes=MOST_OF_A_BODY
)
def import_stock(request: HttpRequest) -> HttpResponse:
    """A form for a file, and for programs the limits; what a chosen file says; then the import."""
    if request.method != "POST":
        return render(request, TEMPLATE, LIMITS) if wants_html(request) else as_json(LIMITS)
    try:
        if is_json(request) or "content" in request.POST:
            return _import(request)
        return _shown(request)
    except (BadInput, CannotImport, CommandIdReused, DomainError) as error:
        return refused(request, _for_sender(request, error), TEMPLATE, LIMITS)


def _shown(request: HttpRequest) -> HttpResponse:
    """What the file says that somebody has chosen, and what would come of it."""
    file = request.FILES.get("file")
    if file is None:
        raise BadInput("Choose a file.", field="file")
    data, spool = file.read(), StringIO()
    checked = _checked(data, spool, leave_out_zeros=True)
    name = " ".join((file.name or "").split())[-64:].strip()
    name = name if name and is_visible(name) else "a file"
    page = {"name": name, "content": b64encode(data).decode(), "file": checked}
    return render(request, TEMPLATE, {**LIMITS, **page, **preview(spool, checked)})


def _import(request: HttpRequest) -> HttpResponse:
    name, spool = text(request, "name", 64, default="a file"), StringIO()
    file = _checked(_content(request), spool, leave_out_zeros=_leave_out_zeros(request))
    new = sum(new for new, _ in import_rows(spool, file, name, context(request)))
    before = f"; {file.rows - new:,} had been imported before" if new < file.rows else ""
    said = f"Imported {new:,} of {counted(file.rows, 'line', 'lines')} of {name}{before}."
    # The newest event, whosever it is: `done` waits until read models have come as far.
    return done(request, events_between(backwards=True, limit=1), said)


def _content(request: HttpRequest) -> bytes:
    """What a program sends as text, and the page's form as base64."""
    content = field(request, "content")
    if not isinstance(content, str):
        raise BadInput("The content must be the text of a CSV file.", field="content")
    if is_json(request):
        return content.encode()
    try:
        return b64decode(content, validate=True)
    except ValueError:
        sentence = "A form's content must be that of the page, in base64: choose the file again."
        raise BadInput(sentence, field="file") from None


def _checked(data: bytes, spool: StringIO, *, leave_out_zeros: bool) -> Checked:
    if len(data) > MOST_BYTES:
        raise BadInput(TOO_LARGE.format(f"{MOST_BYTES // 1024} KB"), field="file")
    file = check(BytesIO(data), spool, leave_out_zeros=leave_out_zeros)
    if file.rows > MOST_LINES:
        raise BadInput(TOO_LARGE.format(f"{MOST_LINES:,} lines"), field="file")
    return file


def _leave_out_zeros(request: HttpRequest) -> bool:
    value = field(request, "leave_out_zeros")
    if is_json(request) and value is not None and not isinstance(value, bool):
        raise BadInput("The field leave_out_zeros must be true or false.", field="leave_out_zeros")
    return bool(value)


def _for_sender(request: HttpRequest, error: Exception) -> Exception:
    """A page lists the wrong lines; a program is told in a sentence."""
    if isinstance(error, CommandIdReused | DomainError):
        return DomainError(f"Stopped: {error}. {AGAIN}")
    if isinstance(error, CannotImport) and is_json(request):
        return BadInput(f"Nothing was imported: {'; '.join(error.lines)}.", field="content")
    return error
