"""Times on pages, in the time zone of the reader and in UTC. Programs and files get UTC only."""

from datetime import UTC, datetime

from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import get_current_timezone

MINUTES, SECONDS, MICROSECONDS = "%H:%M", "%H:%M:%S", "%H:%M:%S.%f"


def when(moment: datetime, precision: str = MINUTES) -> SafeString:
    """A `<time>` element with the time in Django's current time zone, and in UTC if that differs.

    A script may replace both by the browser's time zone, from the attribute `datetime`.
    """
    utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    there = _there(utc)
    beside = ""
    if there.utcoffset():
        day = "" if there.date() == utc.date() else f"{utc:%Y-%m-%d} "
        beside = f"<small> {day}{utc.strftime(precision)} UTC</small>"
    # On some systems strftime writes years before 1000 with fewer than four digits.
    text = f"{there.date().isoformat()} {there.strftime(precision)}"
    # It holds nothing but times, so there is nothing to escape.
    html = f'<time datetime="{utc.isoformat()}">{text}{beside}</time>'
    return mark_safe(html)  # noqa: S308


def _there(utc: datetime) -> datetime:
    """The time in Django's current time zone.

    The first and the last hours that Python knows do not exist in every zone: they stay in UTC.
    """
    try:
        return utc.astimezone(get_current_timezone())
    except OverflowError:
        return utc
