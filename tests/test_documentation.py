"""The documents quote what is there, count what is there, and link to what is there."""

import ast
import re
import shlex
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.core.management import get_commands, load_command_class
from django.core.management.base import BaseCommand

from .slices import SLICES

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])
# <!-- file: PATH --> before a block: the whole file. <!-- from: PATH -->: consecutive lines of it.
QUOTATION = re.compile(r"<!-- (file|from): (\S+) -->\n+```\w*\n(.*?)```\n", re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)

named = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def of_a_slice_that_is_gone(path: str) -> bool:
    """What documents say of a slice stays true for those who have it."""
    name = re.search(r"\bwarehouse/(\w+)(?:/|$)", path)
    return name is not None and not (ROOT / "warehouse" / name[1]).exists()


@pytest.mark.slices(*SLICES)
@named
def test_no_slice_is_gone_where_all_are_there(document: Path) -> None:
    text = document.read_text()
    said = [path for _, path, _ in QUOTATION.findall(text)] + [one[0] for one in LINK.findall(text)]
    assert [path for path in said if of_a_slice_that_is_gone(path)] == []


@named
def test_quotations_are_the_files(document: Path) -> None:
    wrong = [
        path
        for kind, path, text in QUOTATION.findall(document.read_text())
        if not of_a_slice_that_is_gone(path)
        and not is_quoted(kind, (ROOT / path).read_text(), text)
    ]
    assert wrong == []


def is_quoted(kind: str, original: str, text: str) -> bool:
    return text == original if kind == "file" else f"\n{text}" in f"\n{original}"


@named
def test_links_lead_somewhere(document: Path) -> None:
    text = CODE.sub("", document.read_text())
    links = [link or source for link, source in LINK.findall(text)]
    local = [link for link in links if not link.startswith(("http://", "https://"))]
    there = [link for link in local if not of_a_slice_that_is_gone(link)]
    assert [link for link in there if not leads_somewhere(document, link)] == []


def leads_somewhere(document: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = document.parent / path if path else document
    return target.exists() and (not anchor or anchor in anchors(target.read_text()))


def anchors(text: str) -> list[str]:
    """The anchors that the headings get: lower case, no punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.M)
    return [re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings]


def test_each_document_is_on_the_site() -> None:
    listed = set(re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE))
    assert {path.name for path in (ROOT / "docs").glob("*.md")} - listed == set()


@pytest.mark.slices("ship_product_quantity")
def test_readme_quotes() -> None:
    """What the tests above look for is there to be looked at."""
    text = (ROOT / "README.md").read_text()
    quoted = {path for _, path, _ in QUOTATION.findall(text)}
    wanted = {"cqrs_example/settings/wiring.py", "warehouse/ship_product_quantity/command.py"}
    assert wanted <= quoted
    marked = len(re.findall(r"<!-- (?:file|from): ", text))
    assert marked == len(QUOTATION.findall(text))


def test_an_altered_quotation_is_found() -> None:
    original = "one\ntwo\nthree\n"
    assert is_quoted("file", original, original)
    assert not is_quoted("file", original, "one\ntwo\n")
    assert is_quoted("from", original, "two\nthree\n")
    assert not is_quoted("from", original, "wo\nthree\n")
    assert not is_quoted("from", original, "two\n\nthree\n")


@named
def test_named_tests_exist(document: Path) -> None:
    named_tests = set(re.findall(r"\btest_\w+\.py\b", document.read_text()))
    there = [*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("warehouse/**/test_*.py")]
    assert named_tests <= {path.name for path in there}


@named
def test_environment_variables_are_read_somewhere(document: Path) -> None:
    rows = re.findall(r"^\| `([A-Z_]{4,})` \|", document.read_text(), re.MULTILINE)
    code = "".join(path.read_text() for path in ROOT.glob("[cdg]*/**/*.py"))
    code += (ROOT / "gunicorn.conf.py").read_text()
    assert [name for name in rows if not re.search(rf"\b{name}\b", code)] == []


@pytest.mark.slices(
    "increase_product_quantity",
    "ship_product_quantity",
    "low_product_quantity_notification",
)
def test_first_screen_shows_what_is_recorded(server, rows):
    """The two commands of its curl lines, and the table that psql answers with."""
    server.increase("abc123", 50)
    server.ship("abc123", 47)
    text = (ROOT / "README.md").read_text()
    shown = re.findall(r"^ +\d+ \| (\S+) +\| +(\d+) \| (\S+) +\| (\{.*\})$", text, re.MULTILINE)
    recorded = rows(
        "SELECT stream, version::text, type, data::text FROM eventstore_event ORDER BY position"
    )
    assert shown == recorded
    assert len(shown) == 3


def test_each_public_function_has_a_docstring() -> None:
    """`make docs` makes the reference of the blocks from them."""
    missing = [
        f"{block.name}.{name}"
        for block in (ROOT / "cqrs_example").iterdir()
        if (block / "__init__.py").exists() and block.name != "settings"
        for name in _imported(block)
        if not _documented(block, name)
    ]
    assert missing == []


def _imported(block: Path) -> list[str]:
    tree = ast.parse((block / "__init__.py").read_text())
    imports = [one for one in tree.body if isinstance(one, ast.ImportFrom) and one.level == 1]
    return [f"{one.module}.{name.name}" for one in imports for name in one.names]


def _documented(block: Path, name: str) -> bool:
    module, _, name = name.rpartition(".")
    path = block.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    kinds = ast.FunctionDef | ast.ClassDef
    found = [one for one in ast.parse(file.read_text()).body if isinstance(one, kinds)]
    named = [one for one in found if one.name == name]  # the last one, if there are overloads
    return not named or ast.get_docstring(named[-1]) is not None


# What a comment above a block says of it, and the tests that do what these comments say. "done by"
# names a test that does the same; "not run" says why nothing does.
MARK = re.compile(r"^ *<!-- (\w+(?: (?:by|run))?)(?:: ?(.*?))? -->$")
BY_THE_PAGE = {
    "backup.md": {"run"},
    "copying.md": {"write"},
    "debug.md": {"run"},
    "deploy.md": {"run"},
    "memory-sync.md": {"run"},
    "privacy.md": {"write"},
    "subscriptions.md": {"write"},
    "tutorial.md": {"above", "alone", "below", "instead", "names", "served", "union", "write"},
    "upgrade.md": {"run"},
}
EVERYWHERE = {"file", "from", "done by", "not run"}


def fenced(text: str) -> list[tuple[str, str]]:
    """Each block of a document, behind the last line before it that is not blank."""
    found: list[tuple[str, str]] = []
    above, inside = "", False
    for line in text.splitlines():
        if line.strip().startswith("```"):
            inside = not inside
            found += [(above, "")] if inside else []
        elif inside:
            found[-1] = (found[-1][0], f"{found[-1][1]}{line}\n")
        above = line if line.strip() else above
    return found


def unmarked(page: str, text: str) -> list[str]:
    """The first lines of blocks that nothing tests, and that do not say why."""
    kinds = EVERYWHERE | BY_THE_PAGE.get(page, set())
    found = [(MARK.match(above), block) for above, block in fenced(text)]
    return [block.split("\n")[0] for mark, block in found if not mark or mark[1] not in kinds]


@named
def test_each_block_is_tested_or_says_why_not(document: Path) -> None:
    text = document.read_text()
    assert unmarked(document.name, text) == []
    marks = [mark for above, _ in fenced(text) if (mark := MARK.match(above))]
    tests = [mark[2] for mark in marks if mark[1] == "done by"]
    assert [path for path in tests if not (ROOT / path).is_file()] == []
    assert [mark[0] for mark in marks if mark[1] == "not run" and not mark[2]] == []


def test_pages_with_marks_of_their_own_have_a_test() -> None:
    tests = "".join(path.read_text() for path in ROOT.glob("tests/test_*.py"))
    assert [page for page in BY_THE_PAGE if page not in tests.replace(__file__, "")] == []


def test_a_block_without_a_mark_is_found() -> None:
    assert unmarked("x.md", "Do this:\n\n```sh\nmake run\n```\n") == ["make run"]
    assert unmarked("x.md", "<!-- run: it -->\n```sh\nmake run\n```\n") == ["make run"]
    assert unmarked("x.md", "<!-- not run: slow -->\n\n```sh\nmake run\n```\n") == []


COMMANDS = [
    pytest.param(document, shlex.split(line, comments=True), id=f"{document.name}: {line[:40]}")
    for document in DOCUMENTS
    for _, block in fenced(document.read_text())
    for line in re.findall(
        r"^ *(?:\S*python )?manage\.py (.+)$|\$\((?:\S*python )manage\.py (.+?)[)|]", block, re.M
    )
    for line in filter(None, line)
    if "…" not in line
]


@pytest.mark.slices(*SLICES)
@pytest.mark.parametrize(("document", "words"), COMMANDS)
def test_commands_in_documents_have_arguments_that_are_right(
    document: Path, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As far as the command's parser sees; whether it does what is said is another test's doing."""
    name, *arguments = words
    ends = [n for n, word in enumerate(arguments) if word in ("|", "<", ">", "2>", "&", "&&")]
    arguments = arguments[: min(ends, default=None)]
    if name in get_commands() and name != "startapp":
        monkeypatch.setattr(
            "cqrs_example.inspection.arguments.event_types", lambda: ["bank.Opened"]
        )
        app = get_commands()[name]
        command = app if isinstance(app, BaseCommand) else load_command_class(app, name)
        arguments = [CORRELATION if word == "$ID" else word for word in arguments]
        command.create_parser("manage.py", name).parse_args(arguments)
    else:
        assert name in {"startapp", "forget", "relay"}, f"{document.name}: there is no {name}"


CORRELATION = "4d7e9c52-0c5e-4a8c-9a53-6d1f2b7c8e90"


@named
def test_targets_and_programs_in_documents_are_there(document: Path) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    blocks = "\n".join(block for _, block in fenced(document.read_text()))
    wanted = re.findall(r"^ *(?:\w+=\S+ )*make ([a-z-]+)", blocks, re.MULTILINE)
    programs = re.findall(r"-m dev\.([\w.]+)", document.read_text())
    assert [one for one in wanted if one not in targets] == []
    paths = [ROOT / "dev" / one.replace(".", "/") for one in programs]
    assert [p for p in paths if not (p.with_suffix(".py").exists() or p.is_dir())] == []


@pytest.mark.slices(*SLICES)
def test_what_adding_an_event_says_is_said(settings) -> None:
    text = (ROOT / "docs" / "adding-an-event.md").read_text()
    settings.POLICIES = {}
    settings.PROJECTIONS = {"shipping_report": settings.PROJECTIONS["shipping_report"]}
    told = re.findall(r"^\?: \((messaging\.W001)\) (.*)$", text, re.MULTILINE)
    assert len(told) == 1
    assert set(told) <= {(one.id, one.msg) for one in run_checks()}
    errors = re.findall(r"^(\S+\.py):\d+: (error): .*\"assert_never\"", text, re.MULTILINE)
    assert len(errors) == 2
    assert [path for path, *_ in errors if "assert_never(" not in (ROOT / path).read_text()] == []
