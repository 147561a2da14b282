"""Read models of all shapes, which only tests have: their tables come and go with a test."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from types import ModuleType
from typing import Any

import pytest
from django.apps.registry import Apps
from django.db import connection, models

from cqrs_example.eventstore import Event, RecordedEvent

from .listeners import hearing


def shape(name: str, /, base: Any = models.Model, registry: Any = None, **fields: Any) -> Any:
    """A model in a registry of its own: Django's must not know it. `Meta` may have constraints."""
    given = fields.pop("Meta", {})
    meta = {"app_label": "shapes", "apps": registry or Apps(), **given}
    return type(name, (base,), {"__module__": __name__, "Meta": type("Meta", (), meta), **fields})


@pytest.fixture
def shaped(transactional_db: None, monkeypatch: Any, settings: Any) -> Iterator[Callable[..., str]]:
    """`shaped(project, *MODELS)`: the name of a new projection, wired, with its tables.

    `beside` are further models that have tables meanwhile.
    """
    with ExitStack() as dropped:

        def wire(project: Callable[[Any], None], *tables: Any, beside: Sequence[Any] = ()) -> str:
            with connection.schema_editor() as editor:
                for one in (*tables, *beside):
                    editor.create_model(one)
            dropped.callback(drop, (*tables, *beside))
            module: Any = ModuleType("shaped_projection")
            module.project = hearing(project, Sequence[RecordedEvent[Event]])
            module.MODELS = list(tables)
            monkeypatch.setitem(sys.modules, module.__name__, module)
            settings.PROJECTIONS = {"shaped": module.__name__}
            return "shaped"

        yield wire


def drop(tables: Any) -> None:
    names = ", ".join(connection.ops.quote_name(one._meta.db_table) for one in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {names} CASCADE")
