"""docs/tutorial.md is true: this does what it says, from top to bottom, in a copy of the tree."""

import ast
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from . import trees
from .databases import own_database, url
from .slices import SLICES

pytestmark = pytest.mark.slow

PAGE = (trees.ROOT / "docs" / "tutorial.md").read_text()
# A comment says what is to be done with the block below it.
STEP = re.compile(r"<!-- (\w+):(?: ([^\n]*))? -->\n+```\w+\n(.*?)```\n", re.DOTALL)
ADDRESS = "http://127.0.0.1:8000"


class Reader:
    """Somebody who follows the page in a copy of the tree, with a database of its own."""

    def __init__(self, tree: Path, database_url: str) -> None:
        self.tree, self.database_url = tree, database_url
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.variables = ""  # what was set in the terminal so far
        self.printed: list[str] = []

    def follow(self) -> None:
        for kind, argument, block in STEP.findall(PAGE):
            getattr(self, kind)(*argument.split(" ", 1), block)

    def write(self, path: str, block: str) -> None:
        file = self.tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block)

    def above(self, path: str, line: str, block: str) -> None:
        # A class begins at its decorator.
        self._replace(path, rf"(?:@.*\n)?[ ]*{re.escape(line)}.*\n", lambda found: block + found)

    def below(self, path: str, line: str, block: str) -> None:
        self._replace(path, rf"[ ]*{re.escape(line)}.*\n", lambda found: found + block)

    def instead(self, path: str, line: str, block: str) -> None:
        self._replace(path, rf"{re.escape(line)}\n", lambda found: block)

    def union(self, path: str, block: str) -> None:
        """`Name = … | More`: behind what is there."""
        name, more = block.strip().split(" = … | ")
        text = (self.tree / path).read_text()
        [value] = [
            ast.unparse(statement.value)
            for statement in ast.parse(text).body
            if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name
        ]
        (self.tree / path).write_text(text.replace(value, f"({value} | {more})", 1))

    def names(self, *paths: str) -> None:
        """The type checker names these files, and no other."""
        if (cache := trees.ROOT / ".mypy_cache").exists():
            shutil.copytree(cache, self.tree / ".mypy_cache")
        code, output = trees.run(self.tree, "-m", "mypy", ".")
        assert code == 1, output
        found = re.findall(r"^(\S+):\d+: error: .*assert_never", output, re.MULTILINE)
        assert found == list(paths[:-1]), output
        assert f"Found {len(found)} errors" in output

    def served(self, beside: str, block: str) -> None:
        """Commands of a terminal while `make run` serves, and perhaps a worker hears."""
        if beside:
            self.terminal(".venv/bin/python manage.py subscriptions switch")  # as `make switch`
        with self.serving(*beside.split()):
            self.terminal(block)

    def alone(self, _: str, block: str) -> None:
        self.terminal(block)

    def terminal(self, block: str) -> None:
        """The first command that fails fails the test."""
        block = block.replace(ADDRESS, f"http://127.0.0.1:{self.port}")
        block = block.replace(".venv/bin/python", sys.executable)
        block = re.sub("^curl ", "curl --silent --show-error --fail-with-body ", block, flags=re.M)
        self.variables += "".join(re.findall(r"^(?:export )?\w+=.*\n", block, re.M))
        done = subprocess.run(
            ["sh", "-ec", self.variables + block],
            cwd=self.tree,
            env=trees.environment(self.tree, self.database_url),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{block}{done.stdout}{done.stderr}"
        self.printed.append(done.stdout)

    @contextmanager
    def serving(self, *beside: str) -> Iterator[None]:
        """What `make run` starts, and another command of `manage.py` if given."""
        bind = ["-m", "gunicorn", "cqrs_example.wsgi", "--bind", f"127.0.0.1:{self.port}"]
        commands = [bind, ["manage.py", *beside]] if beside else [bind]
        started = [trees.start(self.tree, *c, database_url=self.database_url) for c in commands]
        try:
            self._wait(started)
            yield
        finally:
            for process in started:
                process.terminate()
            for process in started:
                trees.finish(process)

    def _wait(self, started: list[subprocess.Popen[str]]) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and all(one.poll() is None for one in started):
            try:
                with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as client:
                    client.request("GET", "/readyz")
                    if client.getresponse().status == 200:
                        return
            except ConnectionError:
                time.sleep(0.05)
        raise AssertionError([trees.finish(one) for one in started if one.poll() is not None])

    def _replace(self, path: str, pattern: str, by: Callable[[str], str]) -> None:
        text = (self.tree / path).read_text()
        assert re.search(rf"^{pattern}", text, re.MULTILINE), f"{path} has no {pattern}"
        new = re.sub(rf"^{pattern}", lambda found: by(found[0]), text, count=1, flags=re.MULTILINE)
        (self.tree / path).write_text(new)


@pytest.mark.slices(*SLICES)
def test_a_reader_gets_through(tmp_path, django_db_setup):
    with own_database() as name:
        reader = Reader(trees.copy(tmp_path / "tree"), url(name))
        reader.terminal(".venv/bin/python manage.py migrate -v 0")
        reader.follow()
        reader.terminal(".venv/bin/python -m pytest -q warehouse/write_off")
    *printed, tested = reader.printed[1:]
    assert "2 passed" in tested
    assert "ProductQuantityShipped" in printed[0]
    assert "ProductQuantityShipped" in printed[1]
    assert "ProductQuantityWrittenOff" not in printed[1]
    assert "products: 1 row" in printed[2]
    assert "losses: 1 row" in printed[3]
    assert "losses" in printed[5]
