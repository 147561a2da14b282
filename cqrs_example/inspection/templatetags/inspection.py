"""Showing what somebody else has written: escaped by the templates, and made visible here."""

from datetime import datetime
from typing import Any

from django import template
from django.utils.timesince import timesince
from django.utils.timezone import now

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


@register.filter
def ago(moment: datetime) -> str:
    """How long ago that was, roughly; or in how long it will be."""
    if moment > now():
        return f"in {timesince(now(), moment, depth=1)}"
    return f"{timesince(moment, depth=1)} ago"
