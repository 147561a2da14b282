"""Filters for text that others wrote: they make each character visible; templates escape HTML."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.timezone import now

from ...http.times import MICROSECONDS, SECONDS
from ...http.times import when as in_zone
from ..links import page_of
from ..tracing import origin, who
from ..visible import plain, pretty, visible

register = template.Library()
register.filter("visible", visible)
register.filter("pretty", pretty)
register.filter("plain", plain)
register.filter("page_of", page_of)
register.filter("who", who)


@register.filter
def by(event: Any) -> str:
    """The name of the command, or of the policy, that recorded an event."""
    return str(origin(event).get("name", ""))


@register.simple_tag
def when(moment: datetime, exactly: bool = False) -> SafeString:
    return in_zone(moment, MICROSECONDS if exactly else SECONDS)


@register.filter
def shown(value: Any) -> str:
    """A value of a read model for a page: numbers with separators of thousands, times in the
    reader's zone."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, datetime):
        return in_zone(value, SECONDS)
    return visible(value)


@register.filter
def is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


@register.filter
def columns(row: Any) -> list[tuple[str, Any]]:
    """The columns of a row, with their names."""
    return [(str(field.verbose_name), getattr(row, field.attname)) for field in row._meta.fields]


@register.filter
def change_address(row: Any) -> str:
    """The name of the address at which the admin shows a row."""
    return f"admin:{row._meta.app_label}_{row._meta.model_name}_change"


@register.filter
def ago(moment: datetime) -> str:
    """Roughly how long ago a time was, or how far in the future it is."""
    if moment > now():
        return f"in {timesince(now(), moment, depth=1)}"
    return f"{timesince(moment, depth=1)} ago"
