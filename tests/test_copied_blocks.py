"""Whoever copied a block learns what has changed since, and gets it as a patch."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dev.blocks import changes, copied_at, versions
from dev.failure import DevError

ROOT = Path(__file__).parent.parent
LOG = 'BATCH = 1000\n\n\ndef read(name):\n    """Read."""\n    return []\n\n\n# End of reading.\n'
STREAMS = "def lock(name):\n    return name\n\n\ndef append(stream):\n    return stream\n"


def run(folder: Path, *command: str, stdin: str = "") -> str:
    done = subprocess.run(command, cwd=folder, input=stdin, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def commit(repository: Path, version: str, files: dict[str, str], part: str) -> None:
    block = repository / "cqrs_example" / "eventstore"
    block.mkdir(parents=True, exist_ok=True)
    for name, text in {
        **files,
        "__init__.py": f'"""Log."""\n\nVERSION = "{version}"\n',
    }.items():
        (block / name).write_text(text)
    (repository / "CHANGELOG.md").write_text(f"# Changelog\n\n## Blocks\n\n{part}\n### other 1\n")
    run(repository, "git", "add", "-A")
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    run(repository, "git", *who, "commit", "-qm", version)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    repository = tmp_path / "here"
    repository.mkdir()
    run(repository, "git", "init", "-q")
    commit(
        repository, "1", {"log.py": LOG, "streams.py": STREAMS}, "### eventstore 1\n\n- First.\n"
    )
    return repository


@pytest.fixture
def copy(repository: Path, tmp_path: Path) -> Path:
    """A copy of version 1, in which somebody has changed a line."""
    copy = tmp_path / "shop" / "eventstore"
    shutil.copytree(repository / "cqrs_example" / "eventstore", copy)
    (copy / "log.py").write_text(LOG.replace("1000", "50"))
    (copy / "__pycache__").mkdir()
    (copy / "__pycache__" / "log.cpython-311.pyc").write_bytes(b"compiled")
    return copy


def fix(repository: Path) -> None:
    files = {"log.py": LOG.replace("return []", "return [1]"), "gaps.py": "GAPS = True\n"}
    part = "### eventstore 2\n\n- Fixed: a gap.\n\n### eventstore 1\n\n- First.\n"
    commit(repository, "2", files, part)
    (repository / "cqrs_example" / "eventstore" / "streams.py").unlink()
    commit(repository, "2", {}, part)


def test_nothing_has_changed(repository: Path, copy: Path) -> None:
    told, patch = changes(repository, "eventstore", copy)
    assert re.fullmatch(r"eventstore: nothing has changed since your copy of .*\.", told)
    assert patch == ""


def test_what_has_changed_since_the_copy_can_be_applied(repository: Path, copy: Path) -> None:
    fix(repository)
    told, patch = changes(repository, "eventstore", copy)
    assert "version 1. Here is version 2." in told
    assert "### eventstore 2\n\n- Fixed: a gap." in told
    assert "other" not in told
    run(copy, "patch", "-p1", stdin=patch)
    text = (copy / "log.py").read_text()
    assert "BATCH = 50" in text  # what somebody changed
    assert "return [1]" in text  # and what was fixed here
    assert (copy / "gaps.py").exists()
    assert not (copy / "streams.py").exists()
    assert changes(repository, "eventstore", copy)[1] == ""


def test_commits_in_between_do_not_matter(repository: Path, copy: Path) -> None:
    first = run(repository, "git", "rev-parse", "HEAD").strip()
    fix(repository)
    assert copied_at(repository, "cqrs_example/eventstore", copy) == first


def test_what_is_no_copy(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(DevError, match="There are no files in"):
        changes(repository, "eventstore", tmp_path / "other")
    (tmp_path / "other" / "__init__.py").write_text("mine = True\n")
    with pytest.raises(
        DevError, match=r"No file in .* is as it ever was in cqrs_example/eventstore"
    ):
        changes(repository, "eventstore", tmp_path / "other")


def test_name_that_is_no_block(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dev.blocks", str(tmp_path / "shop")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("There is no block shop: name one of access, database, event")
    assert "Traceback" not in done.stderr


def test_every_block_says_its_version_and_the_changelog_has_a_part_for_it() -> None:
    packages = {path.parent.name for path in ROOT.glob("cqrs_example/*/__init__.py")}
    assert {"eventstore", "messaging", "http"} <= set(versions(ROOT))
    assert packages - set(versions(ROOT)) == {"settings"}
    text = (ROOT / "CHANGELOG.md").read_text()
    missing = [f"{n} {v}" for n, v in versions(ROOT).items() if f"\n### {n} {v}\n" not in text]
    assert missing == []
