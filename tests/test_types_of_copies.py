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

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
WRITE = re.compile(r"<!-- write: (\S+) -->\n```python\n(.*?)```\n", re.DOTALL)
# What the generated settings are made of, and what replaces a private function of Django's.
NOT_ASKED = {"bank/settings.py", "bank/committing.py", "conftest.py"}
BLOCKS = {path.parent.name for path in ROOT.glob("cqrs_example/*/__init__.py")} - {"settings"}
OPTIONS = {
    "typeCheckingMode": "strict",
    "pythonVersion": "3.11",
    "exclude": ["**/migrations"],  # as `makemigrations` writes them
}

# An event of another stream.
MISTAKE = """
from bank.accounts import account_stream
from bank.messaging import Transaction
from bank.reports import LargeDepositReported


def mistake(tx: Transaction) -> None:
    [account] = tx.lock(account_stream("ann"))
    tx.append(account, [LargeDepositReported(1)])
"""


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    """The project of docs/copying.md, with every block in it."""
    ignored = shutil.ignore_patterns("__pycache__", "tests")
    for block in BLOCKS:
        shutil.copytree(ROOT / "cqrs_example" / block, tmp_path / "bank" / block, ignore=ignored)
    shutil.copy(ROOT / "cqrs_example" / "progress.py", tmp_path / "bank")
    # The library of `rabbitmq`, amqp, has no types: these are of what the block uses.
    shutil.copytree(ROOT / "tests" / "typings", tmp_path / "typings")
    page = (ROOT / "docs" / "copying.md").read_text()
    for path, text in WRITE.findall(page):
        if path not in NOT_ASKED:
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_text(text)
    for package in ("bank", "balances"):
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(OPTIONS))
    return tmp_path


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


def test_of_blocks_and_bank_only_the_mistake_is_found(bank: Path) -> None:
    """One run for both, because it is slow: the mistake shows that errors are seen at all."""
    (bank / "mistake.py").write_text(MISTAKE)
    found = findings(bank)
    assert len(found) == 1, "\n".join(found)
    [finding] = found
    assert finding.startswith("mistake.py: Argument of type"), finding
