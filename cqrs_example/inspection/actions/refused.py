"""`events refused`."""

import json
from argparse import ArgumentParser
from typing import Any

from .. import refusals
from ..models import RefusedCommand
from ..output import Output
from ..visible import on_one_line

HELP = "the last commands that were refused or failed"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("of", nargs="?", default="", metavar="COMMAND|ACTOR|ID|failed")
    parser.add_argument("-n", type=int, default=20, metavar="COUNT", help="how many (default: 20)")


def run(output: Output, options: dict[str, Any]) -> None:
    rows = refusals.listed(options["of"], backwards=True, limit=max(options["n"], 1))
    for row in reversed(rows):
        _print(output, row)
    if output.json:
        return
    for (command, kind), count in refusals.last_day().items():
        output.line(f"in the last 24 hours {kind}: {count:,} {on_one_line(command)}")


def _print(output: Output, row: RefusedCommand) -> None:
    if output.json:
        names = [field.name for field in row._meta.fields[1:]]
        output.value({name: getattr(row, name) for name in names})
        return
    fields = json.dumps(row.fields, ensure_ascii=False)
    outcome = f"{row.command} {fields} {row.kind}: {row.reason}"
    words = [f"{row.at:%Y-%m-%d %H:%M:%S}", row.actor, str(row.correlation_id), outcome]
    output.line("  ".join(map(on_one_line, words)))
