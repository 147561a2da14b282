"""Every block in turn, copied into a project that has habits of its own: its own User model, one
transaction for each request, a pool, a second database, tables in another schema, its own admin."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from .databases import libpq_environment, own_database, url

ROOT = Path(__file__).parent.parent
WRITE = re.compile(r"<!-- write: (\S+) -->\n```python\n(.*?)```\n", re.DOTALL)
PRIVACY: dict[str, str] = dict(WRITE.findall((ROOT / "docs" / "privacy.md").read_text()))
WIRED = """
INSTALLED_APPS += ["shop.blocks.eventstore", "shop.blocks.messaging"]
EVENTS, COMMANDS, PROJECTIONS, POLICIES = [], ["shop.customers.register"], {}, {}
"""


class Project:
    """The project of `tests/hostile`, in a folder of its own."""

    def __init__(self, folder: Path, database: str) -> None:
        self.root = folder / "project"
        shutil.copytree(ROOT / "tests" / "hostile", self.root)
        self.environment = {**libpq_environment(), "SHOP_DATABASE": database}

    def copy(self, *blocks: str) -> None:
        for block in blocks:
            source, target = ROOT / "cqrs_example" / block, self.root / "shop" / "blocks" / block
            if source.is_dir() and not target.exists():
                ignored = shutil.ignore_patterns("__pycache__", "test*")
                shutil.copytree(source, target, ignore=ignored)
            elif source.is_file():
                shutil.copy(source, target)

    def add(self, block: str, *with_it: str) -> None:
        """Copy a block with what it needs, install it as an app, and migrate."""
        self.copy(block, *with_it)
        line = f'INSTALLED_APPS += ["shop.blocks.{block}"]\n'
        if line not in (self.root / "shop/settings.py").read_text():
            self.write("shop/settings.py", line)
        self.manage("migrate", "-v", "0")

    def write(self, path: str, text: str) -> None:
        with (self.root / path).open("a") as file:
            file.write(text)

    def run(self, *arguments: str, stdin: str = "", fails: bool = False) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
        )
        output = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, f"{arguments}: {output}"
        assert "Traceback" not in output, output
        return output

    def manage(self, *arguments: str, fails: bool = False) -> str:
        return self.run("manage.py", *arguments, fails=fails)

    def shell(self, script: str) -> str:
        return self.run("manage.py", "shell", "-v", "0", "-c", script).strip()


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: object
) -> Iterator[Project]:
    """With the three blocks that the others stand on, and the customers of docs/privacy.md."""
    with own_database() as database:
        with psycopg.connect(url(database), autocommit=True) as connection:
            connection.execute("CREATE SCHEMA app")
        project = Project(tmp_path_factory.mktemp("hostile"), database)
        project.copy("eventstore", "messaging", "privacy")
        project.write("shop/settings.py", WIRED + PRIVACY["shop/settings.py"])
        for path in ("shop/customers.py", "shop/read_model.py", "register.py"):
            project.write(path, PRIVACY[path])
        project.manage("makemigrations", "-v", "0", "people", "shop")
        project.manage("migrate", "-v", "0")
        project.manage("migrate", "-v", "0", "--database", "archive")
        yield project


def test_the_page_on_personal_data(project: Project) -> None:
    assert project.manage("check") == "System check identified no issues (0 silenced).\n"
    assert project.shell((project.root / "register.py").read_text()) == "Ann registered"
    names = "from shop.models import Customer\nprint(*Customer.objects.values_list('name'))"
    assert project.shell(names) == "('Ann',)"
    assert project.manage("forget", "customer-7") == "customer-7 is forgotten.\n"
    assert project.shell(names) == "('erased',)"


def test_tables_are_in_the_projects_schema_and_not_in_the_second_database(project: Project) -> None:
    schemas = """
from django.db import connection, connections
with connection.cursor() as cursor:
    cursor.execute("SELECT DISTINCT schemaname FROM pg_tables WHERE tablename ~ '^(event|priv)'")
    print(*cursor.fetchall())
print([name for name in connections["archive"].introspection.table_names() if "event" in name])
"""
    assert project.shell(schemas) == "('app',)\n[]"


RACE = """
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4
from django.db import connection
from shop.blocks.eventstore import read
from shop.blocks.messaging import Context, Repeated, execute
from shop.blocks.privacy.personal import seal
from shop.customers import Register, customer_stream, register

name, key = seal("customer-race", "Ann"), uuid4()

def once(number):
    try:
        return isinstance(execute(register, Register(name), Context(key)), Repeated)
    finally:
        connection.close()

with ThreadPoolExecutor(8) as threads:
    print(sum(not repeated for repeated in threads.map(once, range(20))))
print(len(list(read(customer_stream("customer-race")))))
"""


def test_one_command_sent_twenty_times_through_a_pool_of_four(project: Project) -> None:
    assert project.shell(RACE) == "1\n1"


def test_fewer_round_trips_with_a_pool(project: Project) -> None:
    project.copy("database")
    project.write(
        "shop/settings.py",
        """
DATABASES["default"]["ENGINE"] = "shop.blocks.database"
DATABASES["default"]["OPTIONS"]["server_side_binding"] = True
""",
    )
    assert "no issues" in project.manage("check")
    assert project.shell(RACE.replace("-race", "-again")) == "1\n1"


def test_rebuild_and_verify_with_a_pool(project: Project) -> None:
    project.add("projections", "operations", "progress.py")
    script = f"""
from django.core.management import call_command
from shop.models import Customer
{registration("customer-8")}
for _ in range(2):
    Customer.objects.update(name="wrong")
    call_command("rebuild", "customers")
    call_command("verify")
{registration("customer-9")}
print(Customer.objects.get(number="customer-9").name)
"""
    assert project.shell(script).endswith("Ann")  # no temporary table took the row
    project.shell("from shop.models import Customer\nCustomer.objects.all().delete()")
    assert "customers: " in project.manage("verify", fails=True)
    project.manage("rebuild", "--all")
    assert "agree" in project.manage("verify")


def registration(person: str) -> str:
    return PRIVACY["register.py"].replace("customer-7", person)


def test_the_model_drawn(project: Project) -> None:
    project.add("event_model", "http")
    drawn = project.manage("event_model")
    assert "Registered" in drawn
    assert "Read model Customers" in drawn


def test_operations(project: Project) -> None:
    project.write("shop/settings.py", "DURABLE = False\n")
    project.add("operations")
    assert "no issues" in project.manage("check", "--database", "default")


IN_MEMORY = """
from shop.blocks.in_memory import Scenario
from shop.blocks.privacy.personal import Personal
from shop.customers import Register, Registered, customer_stream, register

name = Personal("customer-7", "sealed")
Scenario().given(customer_stream("customer-7"), []).when(register, Register(name)).then(
    [Registered(name)]
)
print("in memory")
"""


def test_in_memory(project: Project) -> None:
    project.copy("in_memory")
    assert project.shell(IN_MEMORY) == "in memory"


def test_types_of_the_copied_blocks_with_no_option_set(project: Project) -> None:
    everything = ("eventstore", "messaging", "privacy", "http", "projections", "inspection")
    for block in (*everything, "database", "operations", "event_model", "in_memory", "progress.py"):
        project.copy(block)
    options = ("--strict", "--config-file=", "--no-incremental")
    checked = project.run("-m", "mypy", *options, "shop/blocks", "shop/customers.py")
    assert "Success: no issues found" in checked
