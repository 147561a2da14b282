"""`python -m dev.chaos [--full] [FAULT …]`: breaks things; exit status 1 if anything was lost."""

import argparse
import shutil
import signal
import tempfile
from pathlib import Path

from dev.chaos.faults import EXPECTED, FAULTS, SHORT
from dev.chaos.harness import Harness, Outcome
from dev.chaos.report import line, write
from dev.failure import DevError, exit_with_sentence
from dev.places import ROOT, outside


def main() -> int:
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="chaos-", dir=outside()))
    folder.chmod(0o755)
    harness = Harness(folder, options.commands)
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
        write(ROOT / "docs" / "reliability.md", results, total)
    if total.findings:
        raise DevError(f"{len(total.findings)} findings; the logs are in {folder}.")
    shutil.rmtree(folder)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dev.chaos", description=__doc__)
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=", ".join(FAULTS))
    parser.add_argument("--full", action="store_true", help="all, into docs/reliability.md")
    parser.add_argument("--acknowledged", type=int, default=0, help="go on until so many are")
    parser.add_argument("--kills", type=int, default=0, help="and so many processes were killed")
    parser.add_argument("--commands", type=int, default=30, help="so many after each fault")
    options = parser.parse_args()
    if unknown := [name for name in options.faults if name not in FAULTS]:
        raise DevError(f"There is no fault {unknown[0]}: choose from {', '.join(FAULTS)}.")
    options.faults = options.faults or list(FAULTS if options.full else SHORT)
    return options


def _is_enough(options: argparse.Namespace, results: dict[str, Outcome]) -> bool:
    total = _total(results)
    if total.findings or not total.rounds:
        return bool(total.findings)
    if options.kills and not total.kills:
        raise DevError("None of these faults kills a process: leave out --kills.")
    return bool(total.acknowledged >= options.acknowledged and total.kills >= options.kills)


def _try(harness: Harness, name: str, results: dict[str, Outcome]) -> None:
    outcome = harness.round(FAULTS[name])
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
