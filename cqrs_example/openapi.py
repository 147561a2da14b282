"""`/openapi.json`: the description of the addresses for programs, in OpenAPI 3.1.

The file `openapi.json` beside this one has the general part. Each slice has a file of this name in
its own folder, which describes its paths, so that the paths leave with the slice.
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
    """The document, put together from the files of the installed apps; raises `ValueError` if two
    of them describe the same path."""
    document = _read(Path(__file__).parent / FILE)
    for file in (Path(app.path) / FILE for app in apps.get_app_configs()):
        paths = _read(file) if file.exists() else {}
        if twice := paths.keys() & document["paths"].keys():
            raise ValueError(f"{file} describes {min(twice)}, which is described already.")
        document["paths"] |= paths
    return document if getattr(settings, "OPEN_MODE", False) else _closed(document)


def _closed(document: dict[str, Any]) -> dict[str, Any]:
    """The document outside of the open mode: each operation without its own `security` needs a
    token."""
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
