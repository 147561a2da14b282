"""`python -m dev.bench [--full] [CASE …]`: measures, prints, and writes docs/measurements.md."""

import argparse
import os
from collections.abc import Callable, Iterator

from dev.bench import after_commit, bulk, commands, growth, memory, modes, over_http, peers, replay
from dev.bench.postgres import Postgres, own_postgres
from dev.bench.report import HEAD, line, write
from dev.bench.rounds import Row
from dev.bench.scale import FULL, SHORT, Scale
from dev.failure import DevError, exit_with_sentence
from dev.places import ROOT

CASES: dict[str, Callable[[Postgres, Scale], Iterator[Row]]] = {
    "peers": peers.measure,
    "http": over_http.measure,
    "modes": modes.measure,
    "after_commit": after_commit.measure,
    "bulk": bulk.measure,
    "replay": replay.measure,
    "growth": growth.measure,
    "memory": memory.measure,
    "commands": commands.measure,
}
QUESTIONS = {
    "peers": "Is a command slower than with what else there is?",
    "http": "What does it cost over HTTP?",
    "modes": "How fast is each mode?",
    "after_commit": "How far behind are workers, and what do they cost?",
    "bulk": "How long does an import take?",
    "replay": "How long does a replay take?",
    "growth": "Does it get slower as the log grows?",
    "memory": "Does it take ever more memory, and how long does it take to start?",
    "commands": "How far is a command from the least that is possible?",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.bench", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument(
        "--full", action="store_true", help="in full, for the better part of an hour"
    )
    options = parser.parse_args()
    if unknown := [name for name in options.cases if name not in CASES]:
        raise DevError(f"There is no case {unknown[0]}: choose from {', '.join(CASES)}.")
    os.environ.pop("MODE", None)  # what is measured chooses its own
    print(HEAD, end="", flush=True)
    sections: dict[str, list[Row]] = {}
    with own_postgres() as postgres:
        for name in options.cases or CASES:
            rows = sections[QUESTIONS[name]] = []
            for row in CASES[name](postgres, FULL if options.full else SHORT):
                print(line(row), flush=True)
                rows.append(row)
        if not options.cases:
            # Some cases alone are for whoever works on them; the page shows one run of all.
            command = "make bench-full" if options.full else "make bench"
            write(ROOT / "docs", command, postgres.url(), sections)
    return 0


if __name__ == "__main__":
    exit_with_sentence(main)
