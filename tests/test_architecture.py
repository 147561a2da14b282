"""What holds the code together: who imports whom, what is wired, how much there is to read."""

import ast
import io
import re
import statistics
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, make_dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

import tests.bank.invariants  # noqa: F401 (not imported, it is refused with another sentence)

from . import trees

ROOT = trees.ROOT
LINT = ("-c", "from importlinter.cli import lint_imports_command as main; main()", "--no-cache")
CORE = (
    "cqrs_example/eventstore",
    "cqrs_example/http",
    "cqrs_example/messaging",
    "warehouse/increase_product_quantity",
    "warehouse/low_product_quantity_notification",
    "warehouse/products",
    "warehouse/ship_product_quantity",
)
# All that may be added. Who needs more of it makes another part shorter, or puts what is new beside
# the core: into a block or a slice of its own, which the core does not import.
SLICE, ANOTHER, *_ = trees.SLICES
MOST_LINES = 1000
# The blocks that hear after the commit, each all of it, `manage.py check` and commands included.
MOST_LINES_OF_BLOCKS = {"cqrs_example/subscriptions": 450, "cqrs_example/rabbitmq": 300}
# Beside the core: what surrounds commands, what `manage.py check` and `verify` ask, how signatures
# are read, how JSON is, which characters can be seen, what a header says, which failures of the
# database pass, what only pages look at, how long lists are sorted, cut into pages, sent and
# printed, days and times as people have them, what a row must be to be read, how statements travel,
# what a repeated command waits for, and what a projection may write rows with.
BESIDE = {
    "accept.py",
    "around.py",
    "characters.py",
    "checks.py",
    "codecs",
    "days.py",
    "failures.py",
    "hearing.py",
    "invariants.py",
    "keys.py",
    "looking.py",
    "observing.py",
    "paging.py",
    "printed.py",
    "readable.py",
    "repeating.py",
    "sorting.py",
    "statements.py",
    "streamed.py",
    "strict_json.py",
    "times.py",
    "upserts.py",
}


@dataclass
class Shipped:
    """An event contract with two mistakes: it can be changed, and its name is taken."""

    type: ClassVar[str] = "bank.Withdrawn"
    schema_version: ClassVar[int] = 2


@pytest.mark.slow
def test_imports_flow_one_way(tmp_path: Path) -> None:
    code, output = trees.run(trees.copy(tmp_path), *LINT)
    assert code == 0, output


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "line", "contract"),
    [
        (
            f"warehouse/{SLICE}/apps.py",
            f"from warehouse.{ANOTHER} import apps",
            "Slices never import slices",
        ),
        (
            f"warehouse/{ANOTHER}/apps.py",
            f"import warehouse.{SLICE}.apps",
            "Slices never import slices",
        ),
        (
            "cqrs_example/messaging/commands.py",
            "import warehouse.events",
            "The core blocks know nothing of the warehouse",
        ),
        (
            "cqrs_example/eventstore/streams.py",
            "from ..messaging import execute",
            "Blocks import downwards",
        ),
        (
            "warehouse/events.py",
            "from django.db import models",
            "The event contracts need only the standard library",
        ),
    ],
)
def test_import_against_the_direction_is_found(
    tmp_path: Path, path: str, line: str, contract: str
) -> None:
    tree = trees.copy(tmp_path)
    with (tree / path).open("a") as file:
        file.write(f"{line}\n")
    code, output = trees.run(tree, *LINT)
    assert code != 0
    broken = [line for line in output.splitlines() if "BROKEN" in line]
    assert any(line.startswith(contract) for line in broken), output


def test_wiring_is_right() -> None:
    call_command("check")


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        (
            "PROJECTIONS",
            {"accounts": "tests.bnak.accounts"},
            "settings.PROJECTIONS['accounts'] = 'tests.bnak.accounts':"
            " No module named 'tests.bnak'.",
        ),
        (
            "PROJECTIONS",
            {"accounts": ""},
            "settings.PROJECTIONS['accounts'] = '': Empty module name.",
        ),
        (
            "PROJECTIONS",
            {"accounts": "tests.bank.urls"},
            "settings.PROJECTIONS['accounts'] = 'tests.bank.urls':"
            " the module needs a function project(events) and a list MODELS.",
        ),
        (
            "POLICIES",
            {"warn": "tests.bank.commands.warn_wen_low"},
            'does not define a "warn_wen_low" attribute/class.',
        ),
        (
            "POLICIES",
            {"warn": "tests.bank.accounts.MODELS"},
            "accounts.MODELS': this is no function policy(tx, event).",
        ),
        (
            "INVARIANTS",
            {"funds": "tests.bank.invariants.fund"},
            'does not define a "fund" attribute/class.',
        ),
        (
            "INVARIANTS",
            {"funds": "tests.bank.invariants"},
            "settings.INVARIANTS['funds'] = 'tests.bank.invariants':"
            " this is no function invariant(stream).",
        ),
        ("INVARIANTS", None, "settings.INVARIANTS must be a dict."),
        ("PROJECTIONS", None, "settings.PROJECTIONS must be a dict."),
        ("POLICIES", ["a"], "settings.POLICIES must be a dict."),
        *(
            (setting, {"a": path}, f"settings.{setting}['a'] = {path!r}: ")
            for setting in ("PROJECTIONS", "POLICIES", "INVARIANTS")
            for path in (None, 1, "", ".", ".x.y", "x", "x.", b"x")
        ),
        *(
            ("EVENTS", events, "settings.EVENTS: ")
            for events in (None, 1, [None], [""], [".x.y"], "x")
        ),
        ("EVENTS", ["tests.bank.event"], "settings.EVENTS: No module named 'tests.bank.event'."),
        (
            "EVENTS",
            ["tests.bank.models"],
            "settings.EVENTS: tests.bank.models defines no event class.",
        ),
        (
            "EVENTS",
            ["tests.bank.events", __name__],
            "Withdrawn', 2) is defined 2 times.",
        ),
        ("EVENTS", [__name__], "Shipped must be a frozen dataclass: events are facts."),
    ],
)
def test_wrong_wiring_fails_the_check_with_a_sentence(
    bank: None, settings: Any, setting: str, value: object, sentence: str
) -> None:
    setattr(settings, setting, value)
    with pytest.raises(SystemCheckError) as failure:
        call_command("check")
    assert sentence in str(failure.value)


def test_event_without_a_schema_version_fails_the_check(settings: Any, monkeypatch: Any) -> None:
    module: Any = ModuleType("events_of_a_test")
    module.Told = make_dataclass("Told", [], frozen=True, namespace={"type": "test.Told"})
    module.Told.__module__ = module.__name__
    monkeypatch.setitem(sys.modules, module.__name__, module)
    settings.EVENTS = [module.__name__]
    with pytest.raises(SystemCheckError, match="Told' has no attribute 'schema_version'"):
        call_command("check")


@pytest.mark.slow
def test_wrong_wiring_fails_manage_py(tmp_path: Path) -> None:
    tree = trees.copy(tmp_path)
    wiring = tree / "cqrs_example/settings/wiring.py"
    wiring.write_text(wiring.read_text().replace('["warehouse.events"]', '["warehouse.event"]'))
    code, output = trees.run(tree, "manage.py", "check")
    assert code == 1
    assert "No module named 'warehouse.event'." in output
    assert "Traceback" not in output


def test_core_is_an_afternoon() -> None:
    core = {
        f: [path for path in code_of(f) if not BESIDE & set(path.relative_to(ROOT).parts)]
        for f in CORE
    }
    count = {folder: sum(map(lines_of_code, paths)) for folder, paths in core.items()}
    total = sum(count.values())
    assert total > MOST_LINES // 2, "What is counted is not what there is."
    assert total <= MOST_LINES, (
        f"The core has {total} lines of code, and may have {MOST_LINES}: {count}. Make a part of it"
        " shorter, or put what is new into a block beside it, which the core does not import."
    )


@pytest.mark.parametrize(("block", "most"), MOST_LINES_OF_BLOCKS.items())
def test_block_is_read_in_an_hour(block: str, most: int) -> None:
    count = {str(path.relative_to(ROOT / block)): lines_of_code(path) for path in code_of(block)}
    total = sum(count.values())
    assert total > most // 2, "What is counted is not what there is."
    assert total < most, (
        f"{block} has {total} lines of code, and has to stay under {most}: {count}. Look for what"
        " is there twice, or for what other processes need too: that stands in `operations`. What"
        " only pages or programs ask stands beside the block, as `cqrs_example/waiting.py` does."
    )


def test_pages_have_one_small_style_and_only_scripts_that_are_files() -> None:
    # One for the pages; the admin's, which has Django's own style and a script that copies; and the
    # picture's, which stands alone in documents as well.
    names = ["event-model.css", "inspection.css", "warehouse.css"]
    assert sorted(path.name for path in ROOT.glob("cqrs_example/**/*.css")) == names
    # What leaves with its slice, such as that of the chart.
    own = [path.relative_to(ROOT).parts[1] for path in ROOT.glob("warehouse/**/*.css")]
    assert len(own) == len(set(own)) <= 1
    assert (ROOT / "cqrs_example/static/warehouse.css").stat().st_size <= 8 * 1024
    pages = [*ROOT.glob("cqrs_example/**/*.html"), *ROOT.glob("warehouse/**/*.html")]
    inline = re.compile(r"<script(?! src=)|<style|\sstyle=|\son\w+=|javascript:", re.IGNORECASE)
    assert len(pages) >= 8
    assert [path.name for path in pages if inline.search(path.read_text())] == []


def test_functions_are_short() -> None:
    bodies = [
        length for folder in CORE for path in code_of(folder) for length in body_lengths(path)
    ]
    assert statistics.median(bodies) <= 5
    assert statistics.quantiles(bodies, n=10)[-1] <= 20


def test_counting_leaves_out_blank_lines_comments_and_docstrings(tmp_path: Path) -> None:
    path = tmp_path / "counted.py"
    path.write_text(
        '"""A docstring\n\nof three lines."""\n\n# A comment.\n'
        'def shout(text):\n    """Say it."""\n    return (  # loud\n        text.upper()\n    )\n'
        '\n\nSQL = """\n    SELECT 1\n\n"""\n'
    )
    assert lines_of_code(path) == 4 + 3
    assert list(body_lengths(path)) == [3]


def code_of(folder: str) -> list[Path]:
    """Python that people read: no tests, and of the migrations none, which are generated but for
    the trigger."""
    found = (ROOT / folder).rglob("*.py")
    return [path for path in found if not is_test(path) and "migrations" not in path.parts]


def is_test(path: Path) -> bool:
    return path.name.startswith("test") or "tests" in path.relative_to(ROOT).parts


def lines_of_code(path: Path) -> int:
    """Lines that are neither blank nor comment nor docstring."""
    source = path.read_text()
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    code = {
        number
        for token in tokens
        if token.type not in (tokenize.COMMENT, tokenize.NL) and token.string.strip()
        for number in range(token.start[0], token.end[0] + 1)
    }
    blank = {n for n, line in enumerate(source.splitlines(), 1) if not line.strip()}
    return len(code - blank - set(docstring_lines(ast.parse(source))))


def docstring_lines(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
            yield from range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)


DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def body_lengths(path: Path) -> Iterator[int]:
    """Lines of each function without signature and docstring."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            if body:
                yield (body[-1].end_lineno or 0) - body[0].lineno + 1
