"""Times on pages: in the zone of whoever looks, with UTC beside. Programs and files get UTC."""

from datetime import UTC, datetime

from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import get_current_timezone

MINUTES, SECONDS, MICROSECONDS = "%H:%M", "%H:%M:%S", "%H:%M:%S.%f"


def when(moment: datetime, precision: str = MINUTES) -> SafeString:
    """`<time>` in Django's current time zone, and behind it UTC if that is another time. A script
    of the project's may do the same in the browser's zone."""
    utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    there = _there(utc)
    beside = ""
    if there.utcoffset():
        day = "" if there.date() == utc.date() else f"{utc:%Y-%m-%d} "
        beside = f"<small> {day}{utc.strftime(precision)} UTC</small>"
    # Years before 1000 have four digits as well, which strftime does not give everywhere.
    text = f"{there.date().isoformat()} {there.strftime(precision)}"
    # Nothing but times is in it.
    html = f'<time datetime="{utc.isoformat()}">{text}{beside}</time>'
    return mark_safe(html)  # noqa: S308


def _there(utc: datetime) -> datetime:
    """The first and the last hours of all are not there in every zone."""
    try:
        return utc.astimezone(get_current_timezone())
    except OverflowError:
        return utc
