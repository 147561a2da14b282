"""Days in addresses: `?since=2026-01-01&until=2026-01-31`, both included, as days in UTC."""

import re
from datetime import UTC, date, datetime, time
from typing import NamedTuple

from django.http import HttpRequest

from .reading import BadInput


class Days(NamedTuple):
    """A first and a last day, both included; None stands for no limit on this side."""

    since: date | None
    until: date | None

    def __bool__(self) -> bool:
        return self != Days(None, None)

    @property
    def begin(self) -> datetime:
        """The first moment of the first day."""
        return datetime.combine(self.since or date.min, time.min, UTC)

    @property
    def end(self) -> datetime:
        """The last microsecond of the last day; Postgres keeps no finer time."""
        return datetime.combine(self.until or date.max, time.max, UTC)


def days_of(request: HttpRequest) -> Days:
    """The days that a request asks for; raises `BadInput` for a text that is no day of the form
    2026-01-31, and for a last day before the first."""
    days = Days(_day(request, "since"), _day(request, "until"))
    if days.since and days.until and days.since > days.until:
        raise BadInput(f"The days end on {days.until}, before they begin on {days.since}.")
    return days


def _day(request: HttpRequest, name: str) -> date | None:
    text = request.GET.get(name, "").strip()
    try:
        # `date.fromisoformat` alone would accept other forms too, such as 20260131.
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            return date.fromisoformat(text)
        wrong = bool(text)
    except ValueError:
        wrong = True
    if wrong:
        raise BadInput(f"{name} must be a day such as 2026-01-31, but is {text!r:.40}.")
    return None
