"""The addresses of the slices that are there, as each says them in its `openapi.json`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.apps import apps

from cqrs_example.openapi import FILE

SLICES = [app for app in apps.get_app_configs() if app.name.startswith("warehouse.")]
FILES = [Path(app.path) / FILE for app in SLICES]
PATHS: dict[str, Any] = {}
for file in filter(Path.exists, FILES):
    PATHS |= json.loads(file.read_text())


@dataclass(frozen=True)
class Command:
    """What a slice says of its command."""

    path: str
    example: dict[str, Any]
    required: list[str]
    fields: dict[str, Any]

    def address(self, sku: str = "abc123") -> str:
        return self.path.replace("{sku}", sku)

    def body(self, **changes: Any) -> str:
        return json.dumps({**self.example, **changes})

    def without(self, name: str) -> str:
        return json.dumps({key: value for key, value in self.example.items() if key != name})


def _command(path: str, item: Any) -> Command:
    try:
        content = item["post"]["requestBody"]["content"]["application/json"]
        schema = content["schema"]
        return Command(path, content["example"], schema["required"], schema["properties"])
    except KeyError as error:
        raise ValueError(
            f'The {FILE} that describes POST {path} has no {error} in "requestBody" → "content" →'
            ' "application/json": a "schema" with "required" and "properties", and an "example",'
            " which tests send."
        ) from None


OF_A_PRODUCT = [path for path in PATHS if "{sku}" in path]
EVERY_COMMAND = [_command(path, item) for path, item in PATHS.items() if "post" in item]
COMMANDS = [command for command in EVERY_COMMAND if command.path in OF_A_PRODUCT]
READ = [path for path, item in PATHS.items() if "get" in item and "post" not in item]
