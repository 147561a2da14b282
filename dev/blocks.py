"""`python -m dev.blocks FOLDER [BLOCK]`: what has changed in a block since it was copied to FOLDER.

On stdout is a patch, which leaves alone what you have changed yourself:

    python -m dev.blocks ../shop/shop/eventstore | patch -d ../shop/shop/eventstore -p1
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

from dev.failure import DevError, exit_with_sentence

REPOSITORY = Path(__file__).parent.parent
VERSION = re.compile(r'^VERSION = "(.+)"$', re.MULTILINE)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.blocks", description=__doc__)
    parser.add_argument("folder", type=Path, help="your copy")
    parser.add_argument("block", nargs="?", help="its name here, if the folder has another one")
    options = parser.parse_args()
    block = options.block or options.folder.resolve().name
    if block not in versions(REPOSITORY):
        known = ", ".join(sorted(versions(REPOSITORY)))
        raise DevError(f"There is no block {block}: name one of {known} after the folder.")
    summary, patch = changes(REPOSITORY, block, options.folder)
    print(summary, file=sys.stderr)
    sys.stdout.write(patch)
    return 0


def versions(repository: Path) -> dict[str, str]:
    """The blocks, and the version that each says it has."""
    files = sorted(repository.glob("cqrs_example/*/__init__.py"))
    found = {path.parent.name: VERSION.search(path.read_text()) for path in files}
    return {name: match[1] for name, match in found.items() if match}


def changes(repository: Path, block: str, copy: Path) -> tuple[str, str]:
    """What to say about a copy, and the patch that brings it up to date."""
    folder = f"cqrs_example/{block}"
    base = copied_at(repository, folder, copy)
    patch = git(repository, "diff", f"--relative={folder}/", base, "HEAD", "--", folder)
    when = git(repository, "show", "-s", "--format=%cs (%h)", base).strip()
    if not patch:
        return f"{block}: nothing has changed since your copy of {when}.", ""
    match = VERSION.search((copy / "__init__.py").read_text())
    yours, ours = match[1] if match else "unknown", versions(repository)[block]
    head = f"{block}: your copy is of {when}, version {yours}. Here is version {ours}."
    return f"{head}\n\n{part_of_the_changelog(repository, block)}", patch


def copied_at(repository: Path, folder: str, copy: Path) -> str:
    """The commit whose files are most like the copy's; the newest of those that are equally so."""
    if git(repository, "rev-parse", "--is-shallow-repository").strip() == "true":
        raise DevError("The history is not here: git fetch --unshallow.")
    yours = hashes(repository, copy)
    commits = git(repository, "log", "--format=%H", "--", folder).split()
    likeness = {commit: len(yours & tree(repository, commit, folder)) for commit in commits}
    best = max(commits, key=likeness.__getitem__)
    if not likeness[best]:
        raise DevError(f"No file in {copy} is as it ever was in {folder}: is it a copy of that?")
    return best


def tree(repository: Path, commit: str, folder: str) -> set[tuple[str, str]]:
    lines = git(repository, "ls-tree", "-r", f"{commit}:{folder}").splitlines()
    return {(path, row.split()[2]) for row, path in (line.split("\t") for line in lines)}


def hashes(repository: Path, copy: Path) -> set[tuple[str, str]]:
    files = [path for path in copy.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    if not files:
        raise DevError(f"There are no files in {copy}.")
    found = git(repository, "hash-object", *(str(path.resolve()) for path in files)).split()
    return {(str(p.relative_to(copy)), one) for p, one in zip(files, found, strict=True)}


def part_of_the_changelog(repository: Path, block: str) -> str:
    text = (repository / "CHANGELOG.md").read_text()
    parts = re.findall(rf"^### {block} .*?(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    return "".join(parts).strip()


def git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "core.quotePath=false", *arguments],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DevError(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    exit_with_sentence(main)
