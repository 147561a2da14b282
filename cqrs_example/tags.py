"""Tags and filters for the templates of all slices, which need no `{% load %}` for them."""

from datetime import datetime
from urllib.parse import quote

from django import template
from django.utils.safestring import SafeString

from .http.times import MINUTES, SECONDS
from .http.times import when as in_zone
from .time_zone import zone_name

register = template.Library()
register.simple_tag(zone_name)


@register.simple_tag
def when(moment: datetime, seconds: bool = False) -> SafeString:
    return in_zone(moment, SECONDS if seconds else MINUTES)


@register.simple_tag
@register.filter
def spot(name: object) -> str:
    """The id of a row in a list. An address with `#` and this id leads to it and focuses it."""
    return f"row-{quote(str(name), safe='')}"
