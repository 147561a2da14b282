"""`events stats`."""

from typing import Any

from .. import statistics
from ..output import Output
from ..visible import on_one_line

HELP = "the size of the log, and how many events of each type it has"


def run(output: Output, options: dict[str, Any]) -> None:
    facts = statistics.facts()
    types, source = statistics.events_per_type()
    if output.json:
        per_type = {"events_per_type": dict(types), "events_per_type_are": source}
        output.value({**vars(facts), **per_type})
        return
    output.line(f"last position   {facts.last_position or 0:,}")
    output.line(f"size of the log {facts.log_bytes / 2**20:,.1f} MB")
    output.line(f"connections     {facts.connections:,} of {facts.most_connections:,}")
    output.line(f"events by type, {statistics.SOURCES[source]}:")
    for name, count in types or [("the log has no events yet", 0)]:
        output.line(f"  {count:>13,}  {on_one_line(name)}")
