"""The model as an SVG picture, which is light or dark as the reader's system is, and prints."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Protocol
from xml.sax.saxutils import escape, quoteattr

from .model import Command, Event, Model, ReadModel
from .order import Column, columns

# All in units of the SVG, which are pixels unless the picture is scaled.
WIDTH, GAP, MARGIN = 196, 20, 14  # of a column; between columns and lanes; around all
NAME_LINE, DATA_LINE, PADDING = 17, 15, 10  # the heights of lines, and the space around them
LABEL = NAME_LINE + 2 * PADDING  # the height of a lane's name, with room for an arrow's head
NAME_CHARACTERS, DATA_CHARACTERS = 23, 29  # how many fit into a line of a box
LANES = ("Pages, programs, policies", "Commands and read models", "Events, as the log has them")
HEAD = (
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"'
    ' orient="auto"><path class="head" d="M0 0L8 4L0 8z"/></marker></defs>'
)

STYLE = Path(__file__).parent / "static" / "event_model" / "event-model.css"


class Details(Protocol):
    """What the boxes say and where they lead: it differs between documents and the live page."""

    def lines(self, kind: str, name: str, fields: Sequence[str]) -> Sequence[str]:
        """The lines in a box below its name."""
        ...

    def link(self, kind: str, name: str, code: str) -> str:
        """The address that a box leads to, or ""; `code` is the file that defines what it shows."""
        ...


@dataclass(frozen=True)
class Box:
    """A rectangle with a name, lines of text, and the address that it leads to, or ""."""

    kind: str
    name: str
    lines: Sequence[str]
    link: str

    @property
    def height(self) -> int:
        return 2 * PADDING + NAME_LINE * len(self.names) + DATA_LINE * len(self.data)

    @property
    def names(self) -> list[str]:
        return wrap(self.name, NAME_CHARACTERS)

    @property
    def data(self) -> list[str]:
        return [part for line in self.lines for part in _wrapped(line)]


def _wrapped(line: str) -> list[str]:
    """A line cut into parts that fit into a box.

    It is cut behind spaces, and in an address before "/" and behind "_" too.
    """
    breakable = re.sub("(?=/)|(?<=_)", "\u200b", line) if line.startswith("/") else line
    parts = [""]
    for word in re.split("(?<=[ \u200b])", breakable):
        if parts[-1] and len((parts[-1] + word).strip(" \u200b")) > DATA_CHARACTERS:
            parts.append("")
        parts[-1] += word
    return [part.strip().replace("\u200b", "") for part in parts if part.strip(" \u200b")]


def as_svg(model: Model, details: Details, title: str, across: int, *, styled: bool = True) -> str:
    """The picture as SVG, with `across` columns in a row.

    Unless it is `styled`, the page around it has to include `event_model/event-model.css`.
    """
    stacks = [_stacks(column, details) for column in columns(model)]
    rows = [stacks[n : n + across] for n in range(0, len(stacks), across)]
    width = 2 * MARGIN + min(across, len(stacks)) * (WIDTH + GAP) + GAP
    parts, top = list[str](), MARGIN
    for row in rows:
        drawn, height = _row(row, top, width)
        parts += drawn
        top += height + GAP
    style = [f"<style>\n{STYLE.read_text()}</style>"] if styled else []
    body = "\n  ".join([*style, HEAD, *parts])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="event-model" role="img"'
        f' viewBox="0 0 {width} {top - GAP + MARGIN}">\n  <title>{escape(title)}</title>\n'
        f"  {body}\n</svg>\n"
    )


def _stacks(column: Column, details: Details) -> list[list[Box]]:
    """The boxes of a column, as a list for each of the three lanes, from the top down."""

    def box(kind: str, thing: Command | ReadModel | Event) -> Box:
        lines = details.lines(kind, thing.name, thing.fields)
        return Box(kind, thing.name, lines, details.link(kind, thing.name, thing.code))

    thing = column.command or column.read_model
    top = [_page(address) for address in thing.addresses] if thing else []
    if policy := column.policy:
        link = details.link("policy", policy.name, policy.code)
        top = [*map(_heard, policy.hears), Box("policy", policy.name, ["policy"], link)]
    if column.read_model:
        bottom = [_heard(event.name) for event in column.events]
        return [top, [box("read_model", column.read_model)], bottom]
    middle = [box("command", column.command)] if column.command else []
    return [top, middle, [box("event", event) for event in column.events]]


def _heard(name: str) -> Box:
    return Box("heard", name, [], "")


def _page(address: str) -> Box:
    methods, _, path = address.partition(" ")
    return Box("page", methods, [path], "")


def _row(row: Sequence[list[list[Box]]], top: int, width: int) -> tuple[list[str], int]:
    """The SVG of a row's lanes and boxes, and the height of the row."""
    parts: list[str] = []
    labels: list[str] = []
    tops: list[int] = []
    begin = top
    for lane, label in enumerate(LANES):
        height = max(_height(stacks[lane]) for stacks in row) + LABEL + PADDING
        parts.append(
            f'<rect class="lane" x="{MARGIN}" y="{top}" width="{width - 2 * MARGIN}"'
            f' height="{height}" rx="8"/>'
        )
        labels.append(
            f'<text class="label" x="{MARGIN + PADDING}" y="{top + NAME_LINE}">{label}</text>'
        )
        tops.append(top + LABEL)
        top += height + GAP
    for number, stacks in enumerate(row):
        left = MARGIN + GAP + number * (WIDTH + GAP)
        parts += _drawn(stacks, left, tops)
    return [*parts, *labels], top - GAP - begin  # labels last: they cover the arrows behind them


def _height(stack: Sequence[Box]) -> int:
    return sum(box.height + GAP for box in stack) - GAP if stack else 0


def _drawn(stacks: list[list[Box]], left: int, tops: Sequence[int]) -> Iterator[str]:
    """The SVG of a column's boxes and of the arrows between them.

    Arrows point down to events that are recorded, and up from events that are heard.
    """
    upwards = any(box.kind == "heard" for box in stacks[2])
    before = 0
    for stack, begin in zip(stacks, tops, strict=True):
        top = begin
        for nth, box in enumerate(stack):
            if before and not (nth and box.kind in ("event", "heard", "page")):
                yield _arrow(left, *((top, before) if upwards else (before, top)))
            yield _rectangle(box, left, top)
            before = top + box.height
            top = before + GAP


def _arrow(left: int, begin: int, end: int) -> str:
    middle = left + WIDTH // 2
    return f'<path class="arrow" d="M{middle} {begin}V{end}" marker-end="url(#head)"/>'


def _rectangle(box: Box, left: int, top: int) -> str:
    shape = (
        f'<rect class="{box.kind}" x="{left}" y="{top}" width="{WIDTH}" height="{box.height}"'
        ' rx="6"/>'
    )
    lines: list[str] = []
    y = top + PADDING
    for style, texts, step in (("name", box.names, NAME_LINE), ("data", box.data, DATA_LINE)):
        for text in texts:
            y += step
            lines.append(
                f'<text class="{style}" x="{left + WIDTH // 2}" y="{y - 4}">{escape(text)}</text>'
            )
    drawn = shape + "".join(lines)
    return f"<a href={quoteattr(box.link)}>{drawn}</a>" if box.link else drawn
