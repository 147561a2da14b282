"""Rebuilds and verifications, which the block `projections` runs, if it is installed."""

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest

from .changing import PROJECTIONS, can_tell


class CannotStart(Exception):
    """Nothing was started; the message says why."""


def run_model() -> Any:
    """The model with a row for each run; None if the block `projections` is not installed."""
    return apps.get_app_config("projections").get_model("Run") if can_tell() else None


def with_states(runs: Iterable[Any]) -> list[Any]:
    """The same runs, each with its `state` as text for the page: see `_state`."""
    listed = list(runs)
    working: set[int] = _started().at_work(listed) if listed else set()
    for run in listed:
        run.state = _state(run, working)
    return listed


def last_runs() -> Mapping[tuple[str, str], Any]:
    """The last run for each projection and action."""
    if (model := run_model()) is None:
        return {}
    newest = model.objects.order_by("projection", "action", "-started_at")
    runs = with_states(newest.distinct("projection", "action"))
    return {(run.projection, run.action): run for run in runs}


def may_start(request: HttpRequest) -> bool:
    """Whether the account that sent the request may start runs."""
    user: Any = request.user  # a project may have a model of its own
    return bool(user.has_perm("projections.start_run"))


def startable() -> Iterator[tuple[str, list[str]]]:
    """The names of projections, and "" for the log, each with the actions that it can have."""
    yield "", ["verify"]
    for name in settings.PROJECTIONS:
        yield name, ["verify", "rebuild"]


def start(action: str, name: str, by: str) -> Any:
    """Start a run in a process of its own, and return its row. Raises `CannotStart`."""
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
