"""The table of docs/measurements.md, and the same for machines beside it."""

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from dev.bench.rounds import Row
from dev.connection import connect

BEGIN, END = "<!-- bench -->\n", "<!-- /bench -->\n"
HEAD = """| case | beside | ours | reference | ratio | goal | |
| --- | --- | ---: | ---: | ---: | ---: | --- |
"""


def line(row: Row) -> str:
    """A row of the table."""
    verdict = {None: "", True: "met", False: "**missed**"}[row.met]
    goal = f"≥ {row.at_least}" if row.at_least else f"≤ {row.at_most}" if row.at_most else ""
    figures = f"{_figure(row.value)} {row.unit} | {_figure(row.reference)} | {row.ratio:.2f}"
    return f"| {row.case} | {row.beside} | {figures} | {goal} | {verdict} |"


def write(folder: Path, command: str, url: str, rows: list[Row]) -> None:
    """Puts the table where the last one was, and the figures into a file of their own."""
    about = _about(command, url)
    page = folder / "measurements.md"
    before, _, rest = page.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    table = "\n".join(map(line, rows))
    page.write_text(f"{before}{BEGIN}{_sentence(about)}\n\n{HEAD}{table}\n{END}{after}")
    measured = {**about, "rows": [row.as_json() for row in rows]}
    (folder / "measurements.json").write_text(json.dumps(measured, indent=1) + "\n")


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
