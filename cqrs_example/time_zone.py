"""The time zone of pages: the one that the person has chosen, which a cookie keeps.

Without a choice the server writes times in UTC, and a script (`static/times.js`) shows them in the
browser's zone.
"""

import zoneinfo
from collections.abc import Callable
from functools import cache

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone

from .http import BadInput, endpoint
from .http.answers import next_page

COOKIE, A_YEAR = "time_zone", 365 * 24 * 60 * 60


def in_chosen_zone(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware by which templates, also those of the admin, show times in the chosen zone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(COOKIE, "")
        if chosen not in _names():
            return get_response(request)
        with timezone.override(zoneinfo.ZoneInfo(chosen)):
            return get_response(request)

    return middleware


@login_not_required  # it changes nothing but the sender's own cookie
@endpoint("GET", "HEAD", "POST")
def time_zone(request: HttpRequest) -> HttpResponse:
    """The page to choose the time zone; "" stands for the browser's zone, or UTC."""
    if request.method != "POST":
        page = {"zones": sorted(_names()), "chosen": request.COOKIES.get(COOKIE, "")}
        return render(request, "time_zone.html", page | {"next": request.GET.get("next", "")})
    wanted = request.POST.get(COOKIE, "")
    response = HttpResponseRedirect(next_page(request), status=303)
    if not wanted:
        response.delete_cookie(COOKIE)
    elif wanted in _names():
        # Not HttpOnly: the script has to see whether there is a choice.
        secure = request.is_secure()
        response.set_cookie(COOKIE, wanted, max_age=A_YEAR, secure=secure, samesite="Lax")
    else:
        raise BadInput(f"There is no time zone {wanted!r:.40}: choose one such as Europe/Berlin.")
    return response


def zone_name() -> str:
    """The name of the time zone in which the page shows times."""
    return timezone.get_current_timezone_name()


@cache
def _names() -> frozenset[str]:
    """The time zones to choose from: places, and UTC.

    Names such as "EST" are ambiguous, and the signs of names such as "Etc/GMT+5" are reversed.
    """
    places = {name for name in zoneinfo.available_timezones() if "/" in name}
    return frozenset(
        {"UTC", *(name for name in places if not name.startswith(("Etc/", "SystemV/")))}
    )
