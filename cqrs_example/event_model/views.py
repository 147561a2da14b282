"""The page with the model, which says of each event how many the log has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import mark_safe
from django.utils.timesince import timesince
from django.views.decorators.http import require_safe

from .model import Event, Model, event_model
from .svg import as_svg

ACROSS = 4
MOST = 10_000  # events of a type are counted up to here, so that no page reads the whole log
COUNT = """
    SELECT
        (SELECT count(*) FROM (SELECT FROM eventstore_event WHERE type = %s LIMIT %s) AS counted),
        (SELECT recorded_at FROM eventstore_event WHERE type = %s ORDER BY position DESC LIMIT 1)
"""


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The picture, with the number of each event and the time since the last one; for staff."""
    staff = getattr(request.user, "is_staff", False)  # a project's own User model may lack it
    if not staff and not getattr(settings, "OPEN_MODE", False):
        raise PermissionDenied("The event model is for staff.")
    model = event_model()
    details = Live({event.name: _count(event) for event in model.events}, _types(model))
    # `as_svg` escapes all text in the picture.
    pictures = {
        name: mark_safe(as_svg(model, details, "The event model", across, styled=False))  # noqa: S308
        for name, across in (("wide", ACROSS), ("narrow", 1))
    }
    return render(request, "event_model/live.html", pictures)


@dataclass(frozen=True)
class Live:
    """The contents of the boxes on the page: the fields and, of an event, its count.

    Both mappings are by the event's name.
    """

    counts: Mapping[str, str]
    types: Mapping[str, str]

    def lines(self, kind: str, name: str, fields: Sequence[str]) -> Sequence[str]:
        return [", ".join(fields), *([self.counts[name]] if kind == "event" else [])]

    def link(self, kind: str, name: str, code: str) -> str:
        try:
            log = reverse("admin:eventstore_storedevent_changelist")
        except NoReverseMatch:  # a project without the admin
            return ""
        return f"{log}?type={self.types[name]}" if kind == "event" else ""


def _types(model: Model) -> dict[str, str]:
    return {event.name: event.type for event in model.events}


def _count(event: Event) -> str:
    """How many events of this kind there are, and when the last one was recorded, as text."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [event.type, MOST + 1, event.type])
        count, last = cursor.fetchone()
    if not count:
        return "none yet"
    many = f"more than {MOST:,}" if count > MOST else f"{count:,}"
    since = timesince(last).split(",")[0]
    return f"{many}, the last {'just now' if since.startswith('0') else f'{since} ago'}"
