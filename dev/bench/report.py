"""The tables of docs/measurements.md and docs/modes.md, and the same for machines."""

import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from dev.bench.after_commit import DELAY
from dev.bench.modes import ASYNC, MEMORY, SYNC
from dev.bench.rounds import Row
from dev.connection import connect

BEGIN, END = "<!-- bench -->\n", "<!-- /bench -->\n"
HEAD = """| case | beside | ours | reference | ratio | goal | |
| --- | --- | ---: | ---: | ---: | ---: | --- |
"""
MODES_HEAD = f"""| measured | {MEMORY} | {SYNC} | {ASYNC} |
| --- | ---: | ---: | ---: |
"""


def line(row: Row) -> str:
    """A row of the table."""
    verdict = {None: "", True: "met", False: "**missed**"}[row.met]
    goal = f"≥ {row.at_least}" if row.at_least else f"≤ {row.at_most}" if row.at_most else ""
    beside = f"{_figure(row.reference)} | {row.ratio:.2f}" if row.reference else "|"
    figures = f"{_figure(row.value)} {row.unit} | {beside}"
    return f"| {row.case} | {row.beside} | {figures} | {goal} | {verdict} |"


def write(folder: Path, command: str, url: str, sections: Mapping[str, list[Row]]) -> None:
    """Puts the tables where the last ones were, each below its question, and the figures into a
    file of their own."""
    about = _about(command, url)
    sentence = _sentence(about)
    rows = [row for section in sections.values() for row in section]
    tables = [f"### {name}\n\n{HEAD}{_lines(map(line, sections[name]))}" for name in sections]
    _put(folder / "measurements.md", "\n".join([f"{sentence}\n", *tables]))
    _put(folder / "modes.md", f"{MODES_HEAD}{_lines(_modes(rows))}\n{sentence}\n")
    measured = {**about, "rows": [row.as_json() for row in rows]}
    (folder / "measurements.json").write_text(json.dumps(measured, indent=1) + "\n")


def _put(page: Path, table: str) -> None:
    before, _, rest = page.read_text().partition(BEGIN)
    page.write_text(f"{before}{BEGIN}{table}{END}{rest.partition(END)[2]}")


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _modes(rows: Sequence[Row]) -> Iterator[str]:
    """The same rows with a column for each mode."""
    beside = {(row.case, row.beside): row for row in rows}
    for case in dict.fromkeys(row.case for row in rows if row.case.startswith(f"{ASYNC}: ")):
        sync, memory = beside[case, SYNC], beside[case, MEMORY]
        figures = [memory.reference, sync.reference, sync.value]
        cells = [f"{_figure(value)} {sync.unit}" for value in figures if value]
        yield f"| {case.removeprefix(f'{ASYNC}: ')} | {' | '.join(cells)} |"
    for row in rows:
        if row.case.startswith(DELAY):
            once = "with the answer"
            yield f"| {row.case} | {once} | {once} | {_figure(row.value)} {row.unit} |"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _about(command: str, url: str) -> dict[str, str | int]:
    with connect(url) as connection:
        row = connection.execute("SHOW server_version").fetchone()
    names = ("django", "psycopg", "gunicorn")
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "command": command,
        "cores": os.cpu_count() or 0,
        "python": platform.python_version(),
        "postgres": str(row[0]) if row else "",
        **{name: version(name) for name in names},
    }


def _sentence(about: dict[str, str | int]) -> str:
    return (
        "`{command}`, {date}: {cores} cores, Python {python}, Django {django}, psycopg {psycopg},"
        " gunicorn {gunicorn}, Postgres {postgres} on the same machine."
    ).format(**about)
