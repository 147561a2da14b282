"""The fault harness can find what it looks for: a book and a log that do not agree."""

import subprocess
import sys
from uuid import uuid4

import pytest

from dev.chaos.books import ACKNOWLEDGED, REFUSED, UNKNOWN, Logged, Sent, audit, stock
from dev.chaos.clients import outcome

from .conftest import ROOT


def sent(outcome=ACKNOWLEDGED, change=5):
    return Sent("abc123", change, outcome=outcome)


def logged(one):
    return Logged(one.key, one.sku, one.change)


def test_book_and_log_agree():
    received, shipped, refused = sent(), sent(change=-3), sent(REFUSED, change=-30)
    book = [received, shipped, refused]
    assert audit(book, [logged(received), logged(shipped)]).sentences() == []
    assert stock(book) == {"abc123": 2}


@pytest.mark.parametrize(
    ("finding", "book", "log"),
    [
        ("lost", [one := sent()], []),
        ("duplicated", [one := sent()], [logged(one), logged(one)]),
        ("invented", [], [Logged(uuid4(), "abc123", 5)]),
        ("invented", [one := sent(REFUSED)], [logged(one)]),
        ("altered", [one := sent()], [logged(one)._replace(change=6)]),
        ("altered", [one := sent()], [logged(one)._replace(sku="other")]),
        ("undecided", [sent(UNKNOWN)], []),
    ],
)
def test_book_and_log_differ(finding, book, log):
    found = audit(book, log)
    assert [name for name, keys in vars(found).items() if keys] == [finding]
    [sentence] = found.sentences()
    assert str(getattr(found, finding)[0]) in sentence


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [
        (200, "", ACKNOWLEDGED),
        (400, "Insufficient quantity on hand.", REFUSED),
        (400, "quantity must be a whole number", UNKNOWN),
        (503, "The database does not answer.", UNKNOWN),
        (500, "", UNKNOWN),
    ],
)
def test_only_an_answer_of_the_application_decides(status, text, expected):
    assert outcome(status, text) == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "first"), [([], "postgres_killed"), (["--following"], "relay_killed")]
)
def test_unknown_fault_is_refused_with_those_that_there_are(options, first):
    command = [sys.executable, "-m", "dev.chaos", *options, "lightning"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr.startswith(f"There is no fault lightning: choose from {first}, ")
    assert "Traceback" not in run.stderr
