"""The report: a line for each round, and the table of docs/reliability.md."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from dev.chaos.faults import meaning
from dev.chaos.harness import Outcome
from dev.places import as_server
from dev.programs import find_programs

HEAD = """| fault | rounds | kills | attempted | acknowledged | lost | duplicated | \
unknown, resolved | recovery: median, longest | other 5xx |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
"""


def line(name: str, outcome: Outcome) -> str:
    """What came of a fault, in one line."""
    tried = f"{name} (not tried: {outcome.not_tried})" if outcome.not_tried else name
    return (
        f"{tried}: attempted {outcome.attempted:,}, acknowledged {outcome.acknowledged:,},"
        f" lost {outcome.lost}, duplicated {outcome.duplicated},"
        f" unknown resolved {outcome.resolved:,}, kills {outcome.kills},"
        f" recovery {_recovery(outcome)}"
    )


def write(path: Path, place: str, results: dict[str, Outcome], total: Outcome) -> None:
    """Puts the table where the last one of this place was."""
    begin, end = f"<!-- {place} -->\n", f"<!-- /{place} -->\n"
    before, _, rest = path.read_text().partition(begin)
    after = rest.partition(end)[2]
    rows = [_row(_name(name, outcome), outcome) for name, outcome in results.items()]
    rows.append(_row("**in all**", total))
    table = "\n".join(rows)
    path.write_text(f"{before}{begin}{_heading(total)}\n{HEAD}{table}\n{end}{after}")


def _heading(total: Outcome) -> str:
    postgres = as_server(find_programs() / "postgres", "--version").stdout.split()[2]
    # Rule of three: none in n, so with 95 % confidence fewer than 3 in n.
    bound = 300 / max(total.acknowledged, 1)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, `make chaos-full`: Python {platform.python_version()},"
        f" Django {version('django')}, psycopg {version('psycopg')}, gunicorn"
        f" {version('gunicorn')}, Postgres {postgres}, {os.cpu_count()} cores, fsync on.\n"
        f"{total.lost} of {total.acknowledged:,} acknowledged commands were lost"
        f" (none in so many means, with 95 % confidence, fewer than {bound:.4f} %).\n"
    )


def _name(name: str, outcome: Outcome) -> str:
    return (
        f"{meaning(name)} (not tried: {outcome.not_tried})" if outcome.not_tried else meaning(name)
    )


def _row(name: str, outcome: Outcome) -> str:
    others = sum(n for status, n in outcome.answers.items() if status >= 500 and status != 503)
    numbers = [outcome.rounds, outcome.kills, outcome.attempted, outcome.acknowledged]
    numbers += [outcome.lost, outcome.duplicated, outcome.resolved]
    cells = [name, *(f"{number:,}" for number in numbers), _recovery(outcome), str(others)]
    return f"| {' | '.join(cells)} |"


def _recovery(outcome: Outcome) -> str:
    times = outcome.recoveries or [0.0]
    if len(times) == 1:
        return f"{times[0]:.2f} s"
    return f"{median(times):.2f} s, {max(times):.2f} s"
