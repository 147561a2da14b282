"""`/openapi.json`: what programs may send and what they get, in OpenAPI 3.1.

The frame is `openapi.json` beside this file. Each slice describes its paths in a file of that name
in its own folder, and takes them along when it leaves.
"""

import json
from pathlib import Path
from typing import Any

from django.apps import apps
from django.http import HttpRequest, HttpResponse

from .http import as_json, endpoint

FILE = "openapi.json"


@endpoint("GET", "HEAD")
def openapi(request: HttpRequest) -> HttpResponse:
    return as_json(description())


def description() -> dict[str, Any]:
    """The document, put together from what is installed; `ValueError` where two describe a path."""
    document = _read(Path(__file__).parent / FILE)
    for file in (Path(app.path) / FILE for app in apps.get_app_configs()):
        paths = _read(file) if file.exists() else {}
        if twice := paths.keys() & document["paths"].keys():
            raise ValueError(f"{file} describes {min(twice)}, which is described already.")
        document["paths"] |= paths
    return document


def _read(file: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return read
