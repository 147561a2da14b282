"""`events who-hears`."""

from typing import Any

from ..output import Output
from ..visible import on_one_line
from ..who_hears import who_hears

HELP = "each event's streams, and the handlers that record and hear it; needs no database"


def run(output: Output, options: dict[str, Any]) -> None:
    for audience in who_hears():
        if output.json:
            output.value(vars(audience))
            continue
        output.line(on_one_line(audience.event))
        for name, values in list(vars(audience).items())[1:]:
            output.line(f"  {name.replace('_', ' '):<12} {', '.join(values) or '-'}")
