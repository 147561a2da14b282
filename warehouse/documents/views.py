"""A page for each kind of document.

Lines gather in one form. After each Enter the server sends the form again. If scripts run,
`scan.js` changes it in the browser instead.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cqrs_example.eventstore import caused_by
from cqrs_example.http import REFUSALS, BadInput, as_json, context, done, endpoint, text, wants_html
from cqrs_example.http.answers import SENT_BEFORE
from cqrs_example.http.reading import UUID_PATTERN, is_json
from cqrs_example.messaging import CommandIdReused, execute
from warehouse.events import change
from warehouse.quantities import signed
from warehouse.sku import parse_sku

from .command import Line, WrongLines
from .kinds import DELIVERY, ORDER, SHELF, Kind
from .typed import MOST_LINES, Typed, checked, mark, sent_lines, typed_lines

MOST_BYTES = 128 * 1024  # a form of the most lines, with the longest SKUs


def _document(kind: Kind) -> Callable[..., Any]:
    def document(request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return _shown(request, kind)
        if is_json(request):
            return _record(request, kind, sent_lines(request, kind.least))
        return _typed(request, kind)

    document.__name__ = kind.handler.__name__  # the name by which checks report one of the views
    fields = ["reference", "lines", "confirmed"]
    return endpoint("GET", "POST", "HEAD", fields=fields, most_bytes=MOST_BYTES)(document)


receive_delivery = _document(DELIVERY)
ship_order = _document(ORDER)
count_shelf = _document(SHELF)


def _shown(request: HttpRequest, kind: Kind) -> HttpResponse:
    """An empty form, and the events that a document has recorded; programs get only the events."""
    sent = request.GET.get("recorded")
    if sent is not None and not re.fullmatch(UUID_PATTERN, sent):
        raise BadInput("To see what was recorded, ask with the id of its command, a UUID.")
    data = [event.data for event in (caused_by(UUID(sent)) if sent else [])]
    if wants_html(request):
        return _page(request, kind, recorded=[(one, signed(change(one))) for one in data])
    return as_json(
        [{"sku": e.sku, "change": change(e), "quantity_on_hand": e.quantity_on_hand} for e in data]
    )


def _record(request: HttpRequest, kind: Kind, lines: tuple[Line, ...]) -> HttpResponse:
    document = kind.command(text(request, "reference", 64, default=""), lines)
    events = execute(kind.handler, document, context(request))
    return done(request, events, kind.sentence(events))


def _typed(request: HttpRequest, kind: Kind) -> HttpResponse:
    """A step of a form: it adds a line, removes one, or records all lines."""
    lines = typed_lines(request)
    entry = Typed(*(request.POST.get(f"new_{name}", "") for name in ("sku", "quantity", "asked")))
    if request.POST.get("do") == "record":
        lines += [] if entry.is_blank else [entry]
        try:
            _require_lines(lines)
            return _record(request, kind, checked(lines, kind.least))
        except REFUSALS as error:
            return _refused(request, kind, lines, error)
    if "remove" in request.POST:
        return _page(request, kind, lines, entry)
    if entry.is_blank:
        return _page(request, kind, lines, focus="reference" if lines else "new_sku")
    return _added(request, kind, lines, entry)


def _added(request: HttpRequest, kind: Kind, lines: list[Typed], entry: Typed) -> HttpResponse:
    """Add the typed line to the others, if it has a quantity."""
    if not entry.quantity.strip():
        try:
            parse_sku(entry.sku.strip())
            return _page(request, kind, lines, entry, focus="new_quantity")
        except BadInput as error:
            entry.refuse(str(error), "sku")
    else:
        try:
            checked([entry], kind.least)
            return _page(request, kind, [*lines, entry])
        except WrongLines:
            pass  # the typed line has the error
    return _page(request, kind, lines, entry, focus=f"new_{entry.wrong}", status=422)


def _require_lines(lines: Sequence[Typed]) -> None:
    if not lines:
        raise BadInput("There is no line yet: scan or type a SKU.", field="new_sku")
    if len(lines) > MOST_LINES:
        raise BadInput(f"A document has {MOST_LINES:,} lines at most, but this has {len(lines):,}.")


def _refused(
    request: HttpRequest, kind: Kind, lines: list[Typed], error: Exception
) -> HttpResponse:
    reason: object = SENT_BEFORE if isinstance(error, CommandIdReused) else error
    focus = getattr(error, "field", "") or "new_sku"
    if isinstance(error, WrongLines):
        mark(lines, error)
        are = "is" if len(error.sentences) == 1 else "are"
        wrong = f"{len(error.sentences)} of {len(lines)} lines {are} wrong"
        reason = f"Nothing was recorded: {wrong}."
        focus = f"line-{min(error.sentences)}"
    return _page(request, kind, lines, focus=focus, status=422, error=reason)


def _page(
    request: HttpRequest,
    kind: Kind,
    lines: Sequence[Typed] = (),
    entry: Typed | None = None,
    focus: str = "new_sku",
    status: int = 200,
    **values: Any,
) -> HttpResponse:
    page = {
        "kind": kind,
        "lines": lines,
        "entry": entry or Typed(),
        "reference": request.POST.get("reference", ""),
        "focus": focus,
        "most": MOST_LINES,
        **values,
    }
    return render(request, "warehouse/documents/document.html", page, status=status)
