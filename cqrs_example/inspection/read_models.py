"""The pages of a projection's table, whatever its model is. They are cut by the primary key, and no
query counts rows."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db.models import DecimalField, FloatField, IntegerField
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.text import capfirst

from ..http import BadInput, paged
from .edge import show
from .links import stream_of
from .words import LAST_CHARACTER

NUMBERS = (IntegerField, FloatField, DecimalField)


def listed(model_admin: admin.ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """The page with the rows, in the order of their keys.

    `?q=` finds a row by its key; if keys are text, it finds all rows whose keys begin so.
    """
    model, q = model_admin.model, request.GET.get("q", "").strip()
    found = _found(model, q) if q else model.objects.all()
    page = paged(request, partial(_fetch, found), "pk", parse=partial(_key, model))
    names = [(field.verbose_name, isinstance(field, NUMBERS)) for field in model._meta.fields]
    page["rows"] = [(row.pk, _values(row)) for row in page["rows"]]
    title = capfirst(model._meta.verbose_name_plural)
    return show(model_admin, request, "rows", title=title, names=names, q=q, **page)


def one(
    model_admin: admin.ModelAdmin[Any], request: HttpRequest, object_id: str, projection: str
) -> HttpResponse:
    """The page of one row, with a link to its events."""
    key = unquote(object_id)  # it makes a NUL of _00, which the database cannot compare
    row = None if "\0" in key else model_admin.get_object(request, key)
    if row is None:
        raise Http404
    fields = list(zip(row._meta.fields, _values(row), strict=True))
    stream = stream_of(projection, row)
    return show(model_admin, request, "row", title=str(row), fields=fields, stream=stream)


def _found(model: Any, q: str) -> Any:
    if model._meta.pk.get_internal_type() not in ("TextField", "CharField"):
        return model.objects.filter(pk=_key(model, q))
    return model.objects.filter(pk__gte=_key(model, q), pk__lt=q + LAST_CHARACTER)


def _fetch(found: Any, *, backwards: bool, limit: int, **keys: Any) -> Any:
    names = {"after": "pk__gt", "before": "pk__lt"}
    within = found.filter(**{names[side]: key for side, key in keys.items()})
    return within.order_by("-pk" if backwards else "pk")[:limit]


def _key(model: Any, text: str) -> Any:
    try:
        if "\0" not in text:
            return model._meta.pk.to_python(text)
    except ValidationError:
        pass
    name = model._meta.pk.verbose_name
    raise BadInput(f"There is no {name} such as {text!r:.60}.")


def _values(row: Any) -> list[tuple[Any, bool, bool]]:
    """Each value of a row, whether it is a UUID, and whether it is the key."""
    values = [(getattr(row, field.attname), field.primary_key) for field in row._meta.fields]
    return [(value, isinstance(value, UUID), is_key) for value, is_key in values]
