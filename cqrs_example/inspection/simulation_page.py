"""The page with a form to try a command, and with what the command would do."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from django.contrib import admin
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse

from ..messaging import DomainError
from ..messaging.hearing import command_of
from .edge import show
from .simulating import Simulation, command_from, handlers, simulate


def simulation(model_admin: admin.ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """The page. `?command=` names the command; a POST has its fields, and leaves out empty ones."""
    known, name = handlers(), request.GET.get("command", "")
    if name and name not in known:
        raise Http404
    values: dict[str, Any] = {"commands": list(known), "command": name, "title": "Try a command"}
    if name:
        names = [field.name for field in fields(command_of(known[name]))]
        values["fields"] = [(field, request.POST.get(field, "")) for field in names]
    if name and request.method == "POST":
        texts = {field: text for field, text in values["fields"] if text}
        values["simulated"], values["problem"] = _tried(known[name], texts, str(request.user))
    return show(model_admin, request, "simulation", **values)


def _tried(handler: Any, texts: dict[str, str], actor: str) -> tuple[Simulation | None, str]:
    """The simulation, or None and a sentence that says why the command would fail."""
    try:
        return simulate(handler, command_from(handler, texts), actor), ""
    except DomainError as error:
        return None, f"The command would be refused: {error}"
    except OperationalError:
        raise  # the page says that it took too long
    except Exception as error:
        return None, f"The command would fail: {error}"
