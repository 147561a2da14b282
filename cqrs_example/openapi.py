"""`/openapi.json`: what programs may send and what they get, in OpenAPI 3.1.

The frame is `openapi.json` beside this file. Each slice describes its paths in a file of that name
in its own folder, and takes them along when it leaves.
"""

import json
from itertools import chain
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from .http import as_json, endpoint

FILE = "openapi.json"
SENTENCE = {"text/plain": {"schema": {"type": "string"}}, "text/html": {}}
REFUSALS = {
    "401": {
        "description": "There is no token, or it is not known. Nothing was done.",
        "headers": {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}},
        "content": SENTENCE,
    },
    "403": {"description": "The account may not do this. Nothing was done.", "content": SENTENCE},
}


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
    return document if getattr(settings, "OPEN_MODE", False) else _closed(document)


def _closed(document: dict[str, Any]) -> dict[str, Any]:
    """The same where a token is asked for: by each operation that does not say otherwise."""
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"token": []}]
    operations = [item.items() for item in document["paths"].values()]
    for method, operation in chain(*operations):
        if method != "parameters" and "security" not in operation:
            refusals = REFUSALS if method == "post" else {"401": REFUSALS["401"]}
            operation["responses"] |= refusals
    return document


def _read(file: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return read
