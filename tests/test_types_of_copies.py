"""The blocks pass pyright's strict mode where somebody copies them, and so does the bank account of
docs/copying.md. (mypy's is asked in `test_hostile_project`.)

basedpyright is pyright with its Node in the wheel: it needs no network. `strict` is pyright's.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
WRITE = re.compile(r"<!-- write: (\S+) -->\n```python\n(.*?)```\n", re.DOTALL)
# What the generated settings are made of, and what replaces a private function of Django's.
NOT_ASKED = {"bank/settings.py", "bank/committing.py", "conftest.py"}
# `settings` is no block; and the library of `rabbitmq`, amqp, has no types that could be checked.
BLOCKS = {path.parent.name for path in ROOT.glob("cqrs_example/*/__init__.py")} - {
    "settings",
    "rabbitmq",
}
OPTIONS = {
    "typeCheckingMode": "strict",
    "pythonVersion": "3.11",
    "exclude": ["**/migrations"],  # as `makemigrations` writes them
}


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of docs/copying.md, with every block in it."""
    root = tmp_path_factory.mktemp("pyright")
    ignored = shutil.ignore_patterns("__pycache__", "tests")
    for block in BLOCKS:
        shutil.copytree(ROOT / "cqrs_example" / block, root / "bank" / block, ignore=ignored)
    shutil.copy(ROOT / "cqrs_example" / "progress.py", root / "bank")
    page = (ROOT / "docs" / "copying.md").read_text()
    for path, text in WRITE.findall(page):
        if path not in NOT_ASKED:
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_text(text)
    for package in ("bank", "balances"):
        (root / package / "__init__.py").touch()
    (root / "pyrightconfig.json").write_text(json.dumps(OPTIONS))
    return root


def findings(project: Path) -> list[str]:
    """A sentence for each error, with its file."""
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] > len(BLOCKS)
    return [
        f"{Path(one['file']).relative_to(project)}: {one['message']}"
        for one in report["generalDiagnostics"]
    ]


def test_blocks_and_the_bank_pass_strict_pyright(bank: Path) -> None:
    assert findings(bank) == []


def test_an_event_of_another_stream_is_an_error(bank: Path) -> None:
    (bank / "wrong.py").write_text(
        "from bank.accounts import account_stream\n"
        "from bank.messaging import Transaction\n"
        "from bank.reports import LargeDepositReported\n\n\n"
        "def wrong(tx: Transaction) -> None:\n"
        "    [account] = tx.lock(account_stream('ann'))\n"
        "    tx.append(account, [LargeDepositReported(1)])\n"
    )
    [finding] = findings(bank)
    assert finding.startswith("wrong.py: Argument of type")
