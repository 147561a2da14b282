"""docs/copying.md is true: this does what it says, with what it says, in a new project."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.processes import free_port
from dev.rabbitmq import PROGRAM, Rabbit

from .databases import libpq_environment, own_database
from .racing import until

pytestmark = pytest.mark.slow

pytestmark = pytest.mark.slow

BALANCES = """
from balances.models import Balance
rows = Balance.objects.order_by("account").values_list("account", "amount")
print(*[value for row in rows for value in row])
"""
ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "copying.md").read_text()
BLOCK = re.compile(r"<!-- write: (\S+) -->\n```python\n(.*?)```\n", re.DOTALL)
BLOCKS: list[tuple[str, str]] = BLOCK.findall(PAGE)
AFTER_THE_COMMIT = (ROOT / "docs" / "subscriptions.md").read_text().partition("## Copy it")[2]
ACCOUNT = ("bank/settings.py", "bank/accounts.py", "try_it.py")

NEXT = "--- next ---"
RACE = """
from concurrent.futures import ThreadPoolExecutor
from bank.accounts import *
from bank.eventstore import read
from bank.messaging import execute
from django.db import connection

def once(command):
    try:
        return bool(execute(withdraw, command))
    except DomainError:
        return False
    finally:
        connection.close()

with ThreadPoolExecutor(10) as pool:
    done = list(pool.map(once, [Withdraw("ann", 20)] * 10))
print(done.count(True), balance(read(account_stream("ann"))))
"""
ROUND_TRIPS = """
import tempfile
from bank.accounts import *
from bank.messaging import execute
from django.db import connection

with tempfile.TemporaryFile() as file:
    connection.ensure_connection()
    connection.connection.pgconn.trace(file.fileno())
    execute(deposit, Deposit("ann", 1))
    connection.connection.pgconn.untrace()
    file.seek(0)
    print(file.read().count(b"ReadyForQuery"))
"""


class Project:
    """A new project with the two blocks in it, and the page's lines where it puts them."""

    def __init__(self, folder: Path, package: str, database: str) -> None:
        self.package, self.database = package, database
        self.root = folder / "bank"
        self.blocks = self.root.joinpath(*package.split("."))
        self.environment = libpq_environment()
        self.run("-m", "django", "startproject", "bank", cwd=folder)
        self.blocks.mkdir(parents=True, exist_ok=True)
        for block in ("eventstore", "messaging"):
            self.copy(block)

    def copy(self, block: str) -> None:
        shutil.copytree(
            ROOT / "cqrs_example" / block,
            self.blocks / block,
            ignore=shutil.ignore_patterns("__pycache__", "test*"),
        )

    def run(self, *arguments: str, stdin: str = "", cwd: Path | None = None) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=cwd or self.root,
            env=self.environment,
            input=self.named(stdin),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def manage(self, *arguments: str) -> str:
        return self.run("manage.py", *arguments)

    def shell(self, *scripts: str) -> list[str]:
        """What each script prints; in one process, because it starts slowly."""
        together = f'\nprint("{NEXT}")\n'.join(scripts)
        printed = self.run("manage.py", "shell", "-v", "0", stdin=together)
        return [text.strip() for text in printed.split(NEXT)]

    def write(self, path: str, text: str) -> None:
        with (self.root / path).open("w" if path.endswith("tests.py") else "a") as file:
            file.write(self.named(text))

    def named(self, text: str) -> str:
        """The page's text where package and database have these names."""
        text = text.replace('"NAME": "bank"', f'"NAME": "{self.database}"')
        return re.sub(r"bank\.(eventstore|in_memory|messaging)\b", rf"{self.package}.\1", text)


@pytest.fixture
def database(django_db_setup: None) -> Iterator[str]:
    with own_database() as name:
        yield name


def text_of(path: str, nth: int = 0) -> str:
    return [text for name, text in BLOCKS if name == path][nth]


def test_bank_account_as_the_page_says(tmp_path: Path, database: str) -> None:
    project = bank_account(tmp_path, "bank", database)
    overdraft_is_refused(project)
    transfer_is_one_command_or_nothing(project)
    race_never_goes_below_zero(project)
    scenarios(project)
    read_model_and_policy(project)
    rebuild_verify_inspect(project)
    fewer_round_trips(project)
    committing_tests(project)
    after_the_commit(project, tmp_path)


def test_bank_account_with_the_blocks_elsewhere(tmp_path: Path, database: str) -> None:
    bank_account(tmp_path, "building.blocks", database)


def bank_account(folder: Path, package: str, database: str) -> Project:
    project = Project(folder, package, database)
    for path in ACCOUNT:
        project.write(path, text_of(path))
    project.manage("migrate", "-v", "0")
    assert "no issues" in project.manage("check")
    assert project.shell(text_of("try_it.py")) == ["70 30"]
    return project


def overdraft_is_refused(project: Project) -> None:
    overdraft, negative, events = project.shell(
        attempt('execute(withdraw, Withdraw("ann", 71))'),
        attempt('execute(deposit, Deposit("ann", -5))'),
        events_of("account-ann"),
    )
    assert overdraft == "account-ann has 70: Withdrawn(amount=71) is refused."
    assert f"`DomainError: {overdraft}`" in " ".join(PAGE.split())
    assert negative == "account-ann has 70: Deposited(amount=-5) is refused."
    assert events == "Opened Deposited Withdrawn"


def transfer_is_one_command_or_nothing(project: Project) -> None:
    both = 'out, in_ = [*read("account-ann")][-1], [*read("account-bob")][-1]'
    refused, events, one_command = project.shell(
        attempt('execute(transfer, Transfer("ann", "nobody", 10))'),
        events_of("account-ann"),
        f"{both}\nprint(out.causation_id == in_.causation_id, out.id == in_.id)",
    )
    assert refused == "account-nobody has 0: Deposited(amount=10) is refused."
    assert events == "Opened Deposited Withdrawn"
    assert one_command == "True False"


def race_never_goes_below_zero(project: Project) -> None:
    assert project.shell(RACE) == ["3 10"]


def scenarios(project: Project) -> None:
    project.copy("in_memory")
    project.write("bank/tests.py", text_of("bank/tests.py"))
    tests = project.manage("test", "bank")
    assert "Ran 4 tests" in tests
    assert "Creating test database" not in tests


def read_model_and_policy(project: Project) -> None:
    project.manage("startapp", "balances")
    for path in ("balances/projection.py", "bank/reports.py"):
        project.write(path, text_of(path))
    (project.root / "balances" / "models.py").write_text(text_of("balances/models.py"))
    project.write("bank/settings.py", text_of("bank/settings.py", 1))
    project.manage("makemigrations", "-v", "0", "balances")
    project.manage("migrate", "-v", "0")
    assert_only_the_report_is_unheard(project)
    replay = text_of("replay.py")
    scripts = {
        BALANCES: "",
        replay: "",
        f"{BALANCES} ": "account-ann 10 account-bob 30",
        text_of("alone.py"): "",
        f"{BALANCES}  # nobody heard": "account-ann 10 account-bob 30",
        attempt('execute(deposit, Deposit("bob", 10_000))'): "",
        f"{BALANCES}  # heard": "account-ann 10 account-bob 10030",
        events_of("report-account-bob"): "LargeDepositReported",
        f"Balance.objects.all().delete()\n{replay}": "",
        f"{BALANCES}  # replayed": "account-ann 10 account-bob 10030 account-eve 5",
    }
    assert project.shell(*scripts) == list(scripts.values())


def assert_only_the_report_is_unheard(project: Project) -> None:
    said = project.manage("check")
    assert "Nobody hears of LargeDepositReported" in said
    assert "identified 1 issue" in said


INSPECT = """
from django.contrib.auth.models import User
from django.test import Client
staff = Client(SERVER_NAME="localhost")
staff.force_login(User.objects.create_superuser("staff"))
log = "/admin/eventstore/storedevent/"
for page in ("", "overview/", "stream/?name=account-ann"):
    answer = staff.get(log + page)
    print(answer.status_code, "account-ann" in answer.text or "rebuilt from" in answer.text)
"""


def rebuild_verify_inspect(project: Project) -> None:
    for block in ("projections", "operations", "http", "inspection"):
        project.copy(block)
    shutil.copy(ROOT / "cqrs_example" / "progress.py", project.blocks)
    project.write("bank/settings.py", text_of("bank/settings.py", 2))
    project.manage("migrate", "-v", "0")
    assert_only_the_report_is_unheard(project)
    project.shell("from balances.models import Balance\nBalance.objects.update(amount=1)")
    assert "balances: rebuilt from the log: 3 rows changed" in project.manage("rebuild", "--all")
    said = project.manage("verify").splitlines()
    [in_order] = [line for line in said if line.startswith("the log: ")]
    [agree] = [line for line in said if line.startswith("balances: ")]
    assert in_order.endswith("are in order")
    assert agree.startswith("balances: 3 rows agree with ")
    assert "account-ann" in project.manage("events", "tail")
    assert project.shell(INSPECT) == ["200 True\n200 True\n200 True"]


def fewer_round_trips(project: Project) -> None:
    [before] = project.shell(ROUND_TRIPS)
    project.copy("database")
    project.write("bank/settings.py", text_of("bank/settings.py", 3))
    assert_only_the_report_is_unheard(project)
    [now] = project.shell(ROUND_TRIPS)
    assert int(now) == int(before) - 2  # BEGIN, and what the projection hands to `upsert`


def committing_tests(project: Project) -> None:
    for path in ("bank/committing.py", "conftest.py", "balances/tests.py"):
        project.write(path, text_of(path))
    project.write("bank/settings.py", text_of("bank/settings.py", 4))
    for parallel in ((), ("--parallel", "2")):
        assert "Ran 4 tests" in project.manage("test", "balances", "--noinput", *parallel)
    project.write("pytest.ini", "[pytest]\nDJANGO_SETTINGS_MODULE = bank.settings\n")
    assert "4 passed" in project.run("-m", "pytest", "--create-db", "balances/tests.py")


def after_the_commit(project: Project, folder: Path) -> None:
    """As docs/subscriptions.md says: without a broker, then with one."""
    [following, fed] = [text for _, text in BLOCK.findall(AFTER_THE_COMMIT)]
    project.copy("subscriptions")
    shutil.copy(ROOT / "cqrs_example" / "agreement.py", project.blocks)
    project.write("bank/settings.py", following)
    project.manage("migrate", "-v", "0")
    assert "balances: from now on a worker delivers" in project.manage("subscriptions", "switch")
    heard_by(project, "run_subscriptions")
    if PROGRAM.exists():
        project.copy("rabbitmq")
        rabbit = Rabbit(folder / "rabbitmq", free_port(following=1))
        project.write("bank/settings.py", fed + f'BROKER_URL = "{rabbit.url}"\n')
        rabbit.start()
        try:
            heard_by(project, "relay", "run_subscriptions")
        finally:
            rabbit.kill()


def heard_by(project: Project, *commands: str) -> None:
    before, _, meanwhile = project.shell(BALANCES, DEPOSIT, f"{BALANCES} ")
    assert before == meanwhile
    processes = [
        subprocess.Popen(
            [sys.executable, "manage.py", command], cwd=project.root, env=project.environment
        )
        for command in commands
    ]
    try:
        until(lambda: "behind" not in project.manage("subscriptions"))
        [after] = project.shell(BALANCES)
        assert after != before
        assert project.manage("subscriptions").count("has heard up to") == len(commands)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


DEPOSIT = """
from bank.accounts import *
from bank.messaging import execute
execute(deposit, Deposit("bob", 7))
"""


def attempt(call: str) -> str:
    imports = "from bank.accounts import *\nfrom bank.messaging import execute\n"
    return f"{imports}try:\n    {call}\nexcept DomainError as error:\n    print(error)\n"


def events_of(stream: str) -> str:
    return (
        "from bank.eventstore import read\n"
        f"print(*[type(event.data).__name__ for event in read({stream!r})])"
    )


def test_account_is_as_short_as_the_page_says() -> None:
    lines = [line for path in ACCOUNT for line in text_of(path).splitlines() if line.strip()]
    assert len(lines) < 110
    assert f"<!-- lines -->{len(lines)}<!-- /lines -->" in PAGE


def test_every_block_of_the_page_is_run() -> None:
    run = {*ACCOUNT, "balances/models.py", "balances/projection.py", "balances/tests.py"}
    run |= {"bank/reports.py", "replay.py", "alone.py", "bank/committing.py", "conftest.py"}
    assert {path for path, _ in BLOCKS} == run | {"bank/tests.py"}
    elsewhere = 2  # that for Django REST framework in the hostile project; that for telemetry
    assert PAGE.count("```python") == len(BLOCKS) + elsewhere
