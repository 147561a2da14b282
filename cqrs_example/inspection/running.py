"""Rebuilds and verifications, if there is a block that does them."""

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest

from .changing import PROJECTIONS, can_tell


class CannotStart(Exception):
    """Why nothing was started."""


def run_model() -> Any:
    """The rows of `projections`: one for each run. None where there is no such block."""
    return apps.get_app_config("projections").get_model("Run") if can_tell() else None


def with_states(runs: Iterable[Any]) -> list[Any]:
    """The same runs, each with a `state`: a word or two for what it does, or what became of it."""
    found = list(runs)
    working: set[int] = _started().at_work(found) if found else set()
    for run in found:
        run.state = _state(run, working)
    return found


def last_runs() -> Mapping[tuple[str, str], Any]:
    """The last rebuild and verification of each projection."""
    if (model := run_model()) is None:
        return {}
    newest = model.objects.order_by("projection", "action", "-started_at")
    found = with_states(newest.distinct("projection", "action"))
    return {(run.projection, run.action): run for run in found}


def may_start(request: HttpRequest) -> bool:
    """Who may verify and rebuild here."""
    user: Any = request.user  # of whatever model the project has
    return bool(user.has_perm("projections.start_run"))


def startable() -> Iterator[tuple[str, list[str]]]:
    """What can be run, "" for the log itself, and what can be done with it."""
    yield "", ["verify"]
    for name in settings.PROJECTIONS:
        yield name, ["verify", "rebuild"]


def start(action: str, name: str, by: str) -> Any:
    """Start a run in a process of its own; raises `CannotStart` with a sentence."""
    started = _started()
    try:
        return started.start(action, name, by)
    except started.NotStarted as error:
        raise CannotStart(str(error)) from error


def _started() -> Any:
    return import_module(f"{PROJECTIONS}.started")


def _state(run: Any, working: set[int]) -> str:
    if run.finished_at is None:
        if run.pk not in working:
            return "its process was killed"
        return "at work" if run.progress else "begins"
    return "succeeded" if run.succeeded else "failed"
