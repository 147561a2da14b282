"""`python -m dev.chaos [--following] [--full] [FAULT …]`: breaks things; 1 if anything was lost."""

import argparse
import shutil
import signal
import tempfile
from pathlib import Path

from dev.chaos.faults import (
    AFTER_THE_COMMIT,
    EXPECTED,
    IN_THE_TRANSACTION,
    SHORT,
    SHORT_AFTER_THE_COMMIT,
)
from dev.chaos.following import FollowingHarness
from dev.chaos.harness import Harness, Outcome
from dev.chaos.report import line, write
from dev.failure import DevError, exit_with_sentence
from dev.places import ROOT, outside
from dev.rabbitmq import PROGRAM


def main() -> int:
    options = _options()
    if options.following and not PROGRAM.exists():
        print(f"Not tried, what can befall a broker: there is no {PROGRAM}.")
        return 0
    folder = Path(tempfile.mkdtemp(prefix="chaos-", dir=outside()))
    folder.chmod(0o755)
    harness = (FollowingHarness if options.following else Harness)(folder, options.commands)
    results: dict[str, Outcome] = {}
    # Ended from outside, it ends its children as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        harness.start()
        while not _is_enough(options, results):
            for name in options.faults:
                _try(harness, name, results)
    finally:
        harness.stop()
    total = _total(results)
    print(line("in all", total), flush=True)
    if options.full:
        place = "chaos-following" if options.following else "chaos"
        write(ROOT / "docs" / "reliability.md", place, results, total)
    if total.findings:
        raise DevError(f"{len(total.findings)} findings; the logs are in {folder}.")
    shutil.rmtree(folder)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dev.chaos", description=__doc__)
    parser.add_argument("faults", nargs="*", metavar="FAULT", help="a wrong one lists all")
    parser.add_argument(
        "--following", action="store_true", help="projections and policies hear after the commit"
    )
    parser.add_argument("--full", action="store_true", help="all, into docs/reliability.md")
    parser.add_argument("--acknowledged", type=int, default=0, help="go on until so many are")
    parser.add_argument("--kills", type=int, default=0, help="and so many processes were killed")
    parser.add_argument("--commands", type=int, default=30, help="so many after each fault")
    options = parser.parse_args()
    known = AFTER_THE_COMMIT if options.following else IN_THE_TRANSACTION
    short = SHORT_AFTER_THE_COMMIT if options.following else SHORT
    if unknown := [name for name in options.faults if name not in known]:
        raise DevError(f"There is no fault {unknown[0]}: choose from {', '.join(known)}.")
    options.faults = options.faults or list(known if options.full else short)
    return options


def _is_enough(options: argparse.Namespace, results: dict[str, Outcome]) -> bool:
    total = _total(results)
    if total.findings or not total.rounds:
        return bool(total.findings)
    if options.kills and not total.kills:
        raise DevError("None of these faults kills a process: leave out --kills.")
    return bool(total.acknowledged >= options.acknowledged and total.kills >= options.kills)


def _try(harness: Harness, name: str, results: dict[str, Outcome]) -> None:
    outcome = harness.round((IN_THE_TRANSACTION | AFTER_THE_COMMIT)[name])
    wrong = outcome.answers.keys() - {200, 400, 503} - EXPECTED.get(name, set())
    outcome.findings += [f"{outcome.answers[one]} times the answer was {one}." for one in wrong]
    print(line(name, outcome), flush=True)
    for finding in outcome.findings:
        print(f"    {finding}", flush=True)
    results.setdefault(name, Outcome(not_tried=outcome.not_tried)).add(outcome)


def _total(results: dict[str, Outcome]) -> Outcome:
    total = Outcome()
    for outcome in results.values():
        total.add(outcome)
    return total


if __name__ == "__main__":
    exit_with_sentence(main)
