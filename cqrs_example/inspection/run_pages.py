"""The pages of rebuilds and verifications: the list, with buttons to start one, and each run."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from ..http import BadInput, paged
from . import running
from .edge import show
from .finding import position
from .list_page import EVERY

AT_WORK = ("begins", "at work")


def listed(model_admin: admin.ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """The page of all runs, newest first.

    A POST starts one. Its field `run` has the action and the projection, such as `verify balances`;
    without a projection the action is about the log.
    """
    if request.method == "POST":
        return _started(request)
    page = paged(request, _between, "pk", parse=position, backwards=True)
    page["rows"] = running.with_states(page["rows"])
    values = {"startable": running.startable() if running.may_start(request) else ()}
    title = "Rebuilds and verifications"
    response = show(model_admin, request, "runs", title=title, every=EVERY, **values, **page)
    return _followed(response, page["rows"])


def one(model_admin: admin.ModelAdmin[Any], request: HttpRequest, object_id: str) -> HttpResponse:
    """The page of one run, which the browser reloads while the run is at work."""
    run = running.run_model().objects.filter(pk=position(object_id)).first()
    if run is None:
        raise Http404(f"There is no run {object_id}.")
    running.with_states([run])
    title = f"{run.action.capitalize()}: {run.projection or 'the log'}"
    response = show(model_admin, request, "one_run", title=title, run=run, every=EVERY)
    return _followed(response, [run])


def _started(request: HttpRequest) -> HttpResponse:
    if not running.may_start(request):
        raise PermissionDenied
    action, _, name = request.POST.get("run", "").partition(" ")
    try:
        run = running.start(action, name, str(request.user))
    except running.CannotStart as error:
        raise BadInput(str(error), 409) from error
    address = reverse("admin:projections_run_change", args=[run.pk])
    return HttpResponseRedirect(address, status=303)


def _between(*, backwards: bool, limit: int, **keys: int) -> Any:
    sides = {"after": "pk__gt", "before": "pk__lt"}
    runs = running.run_model().objects.filter(**{sides[side]: key for side, key in keys.items()})
    return runs.order_by("-pk" if backwards else "pk")[:limit]


def _followed(response: HttpResponse, runs: list[Any]) -> HttpResponse:
    if any(run.state in AT_WORK for run in runs):
        response.headers["Refresh"] = str(EVERY)
    return response
