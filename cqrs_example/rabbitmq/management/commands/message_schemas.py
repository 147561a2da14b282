import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...schemas import schemas


class Command(BaseCommand):
    help = "Write a JSON Schema for each event and version; one that is there must not change."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        for name, schema in schemas():
            file, text = folder / name, json.dumps(schema, indent=2) + "\n"
            if file.exists() and file.read_text() != text:
                raise CommandError(
                    f"{file} says otherwise, and others read by it: give the event another"
                    " schema_version, or delete the file if nobody has seen such a message."
                )
            file.write_text(text)
