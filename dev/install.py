"""Fills a virtual environment from lock files: `python -m dev.install FOLDER LOCK_FILE...`.

Does nothing, and so needs no network, while Python and the lock files are those installed.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

from dev.failure import DevError, exit_with_sentence

OLDEST = (3, 11)


def main() -> int:
    if sys.version_info < OLDEST:
        raise DevError(
            f"Python 3.11 or newer is needed, and {sys.executable} is {sys.version.split()[0]}:"
            " name another, for example `make run PYTHON=python3.13`."
        )
    venv, files = Path(sys.argv[1]), sys.argv[2:]
    _ensure_venv(venv)
    for name in files:
        _ensure_installed(venv, Path(name))
    return 0


def _ensure_venv(venv: Path) -> None:
    made_by = f"{sys.version} {Path(sys.executable).resolve()}"
    if _recorded(venv / "made-by") == made_by and (venv / "bin" / "python").exists():
        return
    print(f"Creating {venv} with Python {sys.version.split()[0]}.", flush=True)
    command = [sys.executable, "-m", "venv", "--clear", str(venv)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if done.returncode != 0:
        raise DevError(_no_venv())
    (venv / "made-by").write_text(made_by)


def _no_venv() -> str:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return (
        f"{sys.executable} cannot create virtual environments: install its venv module (on Debian"
        f" `apt install python{version}-venv`), or name another Python, for example"
        " `make run PYTHON=python3.13`."
    )


def _ensure_installed(venv: Path, lock_file: Path) -> None:
    wanted = hashlib.sha256(lock_file.read_bytes()).hexdigest()
    stamp = venv / f"installed-{lock_file.name}"
    if _recorded(stamp) == wanted:
        return
    print(f"Installing {lock_file} into {venv}.", flush=True)
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    options = ["--disable-pip-version-check", "--require-hashes", "-r", str(lock_file)]
    if subprocess.run([*pip, *options]).returncode != 0:
        raise DevError(
            f"pip could not install {lock_file}: the lines above say why (it needs the network)."
        )
    stamp.write_text(wanted)


def _recorded(file: Path) -> str:
    return file.read_text() if file.exists() else ""


if __name__ == "__main__":
    exit_with_sentence(main)
