"""Days in addresses: `?since=2026-01-01&until=2026-01-31`, both included, in UTC."""

import re
from datetime import UTC, date, datetime, time
from typing import NamedTuple

from django.http import HttpRequest

from .reading import BadInput


class Days(NamedTuple):
    """From the first to the last of them; None: from the beginning, or up to the end."""

    since: date | None
    until: date | None

    def __bool__(self) -> bool:
        return self != Days(None, None)

    @property
    def begin(self) -> datetime:
        return datetime.combine(self.since or date.min, time.min, UTC)

    @property
    def end(self) -> datetime:
        """The last moment, to the microsecond, which is how exactly Postgres keeps time."""
        return datetime.combine(self.until or date.max, time.max, UTC)


def days_of(request: HttpRequest) -> Days:
    """Raises `BadInput` for what is no day, and where the last one is before the first."""
    days = Days(_day(request, "since"), _day(request, "until"))
    if days.since and days.until and days.since > days.until:
        raise BadInput(f"The days end on {days.until}, before they begin on {days.since}.")
    return days


def _day(request: HttpRequest, name: str) -> date | None:
    text = request.GET.get(name, "").strip()
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):  # else other forms pass as well
            return date.fromisoformat(text)
        wrong = bool(text)
    except ValueError:
        wrong = True
    if wrong:
        raise BadInput(f"{name} must be a day such as 2026-01-31, but is {text!r:.40}.")
    return None
