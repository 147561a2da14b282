"""Sequence diagrams of one command in each mode, from real runs: `python -m dev.trace`.

A shipment after which few are left, so that the policy has something to do. Two are listened to:
Python, which tells of each call of the functions that `LANES` names, and libpq, which writes down
what goes over the wire to Postgres. What goes there until somebody waits is one round trip.
"""

import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from textwrap import wrap
from types import FrameType
from typing import Any, TextIO, get_type_hints
from xml.sax.saxutils import escape

from dev.failure import exit_with_sentence
from dev.throwaway import start_throwaway

DOCS = Path(__file__).parent.parent / "docs"
ASKS, WORKER, POSTGRES = "Program", "Worker", "Postgres"
# Who takes part: a name, the file of its functions, and their names or their first parameter's.
LANES = [
    (ASKS, None, ""),
    ("View", r"/warehouse/\w+/views\.py", "request"),
    ("execute", r"/messaging/commands\.py", "execute"),
    (WORKER, r"/subscriptions/delivering\.py", "hear"),
    ("Handler", r"/warehouse/\w+/command\.py", "handle"),
    ("Projection", r"/warehouse/\w+/projection\.py", "project"),
    ("Policy", r"/warehouse/\w+/policy\.py", "tx"),
    ("Log", r"/(eventstore/(streams|appending)|in_memory/log)\.py", "lock|append_many"),
    (POSTGRES, None, ""),
]
MARGIN, LANE, HEAD, LINE, GAP = 70, 120, 34, 15, 12  # in pixels
CHARACTERS = 46  # of a line beside an arrow
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #27272a; text-anchor: middle; }
.name { font-weight: 600; font-size: 13px; }
.what { stroke: #fff; stroke-width: 4; paint-order: stroke; }
line { stroke: #71717a; } .life { stroke: #d4d4d8; } path { fill: #71717a; }
.sql line { stroke: #1d4ed8; } .sql text { fill: #1d4ed8; }
@media (prefers-color-scheme: dark) {
  text { fill: #e4e4e7; } .what { stroke: #18181b; } .life { stroke: #3f3f46; }
  .sql line { stroke: #93c5fd; } .sql text { fill: #93c5fd; } .back { fill: #18181b; }
}
@media (prefers-color-scheme: light) { .back { fill: #fff; } }
"""


@dataclass(frozen=True)
class Step:
    source: str
    target: str
    what: str


@dataclass
class Trace:
    """What happened, in order; `working` are those who are at work, the innermost last."""

    wire: TextIO
    steps: list[Step] = field(default_factory=list[Step])
    working: list[str] = field(default_factory=lambda: [ASKS])
    prepared: dict[str, str] = field(default_factory=dict[str, str])
    sent: list[str] = field(default_factory=list[str])

    def on_call(self, frame: FrameType, event: str, _: object) -> None:
        """For `sys.setprofile`."""
        lane = _lane(frame) if event in ("call", "return") else None
        if lane is None:
            return
        self.read_the_wire()
        if event == "return":
            self.working.pop()
            return
        if lane != self.working[-1] or lane == WORKER:
            self.steps.append(Step(self.working[-1], lane, _asked(frame)))
        self.working.append(lane)

    def read_the_wire(self) -> None:
        """What was sent since the last look, by the one who is at work."""
        for line in re.split(r"^(?=\d{4}-\d\d-\d\d )", self.wire.read(), flags=re.MULTILINE):
            kind, _, rest = line.partition("\tF\t")[2].partition("\t")[2].partition("\t")
            kind = kind.strip()
            if kind == "Parse":
                _, name, sql = rest.split('"', 2)
                self.prepared[name] = sql
            elif kind == "Bind":
                self.sent.append(_in_words(self.prepared[rest.split('"')[3]]))
            elif kind == "Query":
                self.sent.append(_in_words(rest))
            if kind in ("Query", "Sync"):
                self.steps.append(Step(self.working[-1], POSTGRES, "; ".join(self.sent)))
                self.sent = []


def _lane(frame: FrameType) -> str | None:
    code = frame.f_code
    names = [code.co_name, *code.co_varnames[:1]]
    for lane, file, wanted in LANES:
        if file and re.search(f"{file}$", code.co_filename):
            return lane if any(re.fullmatch(wanted, name) for name in names) else None
    return None


def _asked(frame: FrameType) -> str:
    """What a function is asked for, from its arguments."""
    function, given = frame.f_code.co_name, frame.f_locals
    if "request" in given:
        return f"{given['request'].method} {given['request'].path}"
    if function == "hear":
        return f"{given['name']} hears"
    if "command" in given:
        return str(given["command"]) if function == "execute" else function
    if function == "lock":
        return f"lock {', '.join(given['names'])}"
    events = [given["event"]] if "event" in given else given.get("new") or given["events"]
    return f"{function} {', '.join(type(event.data).__name__ for event in events)}"


def _in_words(sql: str) -> str:
    """A statement's verb, and the model whose table it names first."""
    from django.apps import apps

    if function := re.search(r"\beventstore_\w*lock\w*", sql):
        return f"SELECT {function[0]}"
    found = re.search(r'\b(INSERT INTO|UPDATE|DELETE FROM|FROM)\s+"?(\w+)', sql)
    if not found:
        return sql.strip(' "\n').split(maxsplit=1)[0].strip('"')
    models = {model._meta.db_table: model.__name__ for model in apps.get_models()}
    verb = "SELECT" if found[1] == "FROM" else found[1].split()[0]
    return f"{verb} {models.get(found[2], found[2])}"


@contextmanager
def listening() -> Iterator[Trace]:
    """What this thread does meanwhile, on a new connection to the database."""
    from django.db import connection

    connection.close()
    connection.ensure_connection()
    # Opened twice: who reads must not move where libpq writes.
    with tempfile.NamedTemporaryFile() as written, Path(written.name).open() as wire:
        trace = Trace(wire)
        connection.connection.pgconn.trace(written.fileno())
        sys.setprofile(trace.on_call)
        try:
            yield trace
        finally:
            sys.setprofile(None)
            trace.read_the_wire()
            connection.close()


def in_memory() -> list[Step]:
    """Over the log in an object: no view, and no database."""
    from cqrs_example.in_memory import Log

    log = Log()
    _execute("increase_product_quantity", 50, log)
    with listening() as trace:
        _execute("ship_product_quantity", 47, log)
    return trace.steps


def _execute(slice_name: str, quantity: int, log: Any) -> None:
    from django.conf import settings
    from django.utils.module_loading import import_string

    from cqrs_example.messaging import execute

    [path] = [path for path in settings.COMMANDS if f".{slice_name}." in path]
    handler = import_string(path)
    execute(handler, get_type_hints(handler)["command"]("abc123", quantity), log=log)


def in_the_request() -> list[Step]:
    """On Postgres: projections and policies hear before the commit."""
    with listening() as trace:
        _post("abc123/increase_quantity", 50)
        trace.steps.clear()  # but what was prepared is known
        _post("abc123/ship_quantity", 47)
    return trace.steps


def after_the_commit() -> list[Step]:
    """On Postgres: each projection and policy hears in a worker, in a transaction of its own."""
    from django.conf import settings
    from django.core.management import call_command
    from django.test import override_settings

    from cqrs_example.subscriptions.checkpoints import position_of
    from cqrs_example.subscriptions.delivering import hear
    from cqrs_example.subscriptions.following import from_log

    names = [*settings.PROJECTIONS, *settings.POLICIES]
    with override_settings(SUBSCRIPTIONS=names):
        call_command("subscriptions", "switch", stdout=StringIO())
        with listening() as trace:
            for what, quantity in ("increase_quantity", 50), ("ship_quantity", 47):
                trace.read_the_wire()
                trace.steps.clear()
                trace.working = [ASKS]
                _post(f"def456/{what}", quantity)
                trace.read_the_wire()
                trace.working = [WORKER]
                for name in [*names, *settings.PROJECTIONS]:  # again: of what the policy recorded
                    with from_log(name) as read:
                        after = position_of(name)
                        if rows := read(after):
                            hear(name, after, rows)
    return trace.steps


def _post(what: str, quantity: int) -> None:
    from django.test import Client

    path, body = f"/warehouse/products/{what}", f'{{"quantity": {quantity}}}'
    client = Client(headers={"host": "127.0.0.1"})
    answer = client.post(path, body, content_type="application/json")
    if answer.status_code != 200:
        raise RuntimeError(answer.content)


PICTURES: dict[str, Callable[[], list[Step]]] = {
    "trace-memory_sync.svg": in_memory,
    "trace-persisted_sync.svg": in_the_request,
    "trace-persisted_async.svg": after_the_commit,
}


def as_svg(steps: list[Step]) -> str:
    """A sequence diagram: who takes part from left to right, time downwards."""
    taking_part = {name for step in steps for name in (step.source, step.target)}
    lanes = [name for name, _, _ in LANES if name in taking_part]
    x = {name: MARGIN + LANE * nth for nth, name in enumerate(lanes)}
    width, y = 2 * MARGIN + LANE * (len(lanes) - 1), HEAD + GAP
    parts = list[str]()
    for step in steps:
        lines = wrap(step.what, CHARACTERS)
        y += LINE * len(lines) + GAP
        parts.append(_arrow(step, lines, x[step.source], x[step.target], y, width))
    lives = [
        f'<line class="life" x1="{x[n]}" x2="{x[n]}" y1="{HEAD}" y2="{y + GAP}"/>' for n in lanes
    ]
    names = [f'<text class="name" x="{x[n]}" y="{HEAD - 12}">{n}</text>' for n in lanes]
    body = "\n".join(
        [f'<rect class="back" width="{width}" height="{y + 2 * GAP}"/>', *lives, *names, *parts]
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {y + 2 * GAP}">'
        f"<title>A shipment, step by step</title>\n<style>{STYLE}</style>\n{body}\n</svg>\n"
    )


def _arrow(step: Step, lines: list[str], start: int, end: int, y: int, width: int) -> str:
    half = max(map(len, lines), default=0) * 3.4  # of the text's width, about
    middle = min(max((start + end) / 2, half + 4), width - half - 4)
    tip = end - 7 if end > start else end + 7
    heights = range(y - 5 - LINE * (len(lines) - 1), y, LINE)
    texts = [
        f'<text class="what" x="{middle:g}" y="{height}">{escape(line)}</text>'
        for line, height in zip(lines, heights, strict=True)
    ]
    if start == end:  # what a worker begins with, of its own accord
        return f"<g>{''.join(texts)}</g>"
    kind = ' class="sql"' if step.target == POSTGRES else ""
    head = f'<path d="M{end} {y}L{tip} {y - 4}V{y + 4}z"/>'
    return f'<g{kind}><line x1="{start}" x2="{end}" y1="{y}" y2="{y}"/>{head}{"".join(texts)}</g>'


def main() -> int:
    os.environ["DATABASE_URL"], stop = start_throwaway()
    os.environ |= {"DEBUG": "1", "DURABLE": "0", "OPEN_MODE": "1"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "cqrs_example.settings.persisted_sync"
    try:
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        for name, traced in PICTURES.items():
            (DOCS / name).write_text(as_svg(traced()))
    finally:
        stop()
    return 0


if __name__ == "__main__":
    exit_with_sentence(main)
