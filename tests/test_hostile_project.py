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

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
WRITE = re.compile(r"<!-- write: (\S+) -->\n```python\n(.*?)```\n", re.DOTALL)
PRIVACY: dict[str, str] = dict(WRITE.findall((ROOT / "docs" / "privacy.md").read_text()))
WIRED = """
INSTALLED_APPS += ["shop.blocks.eventstore", "shop.blocks.messaging"]
DURABLE = False  # the tests' Postgres keeps nothing in a crash
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
        (self.root / path).parent.mkdir(exist_ok=True)
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


def test_the_log_in_an_admin_site_of_their_own(project: Project) -> None:
    project.add("operations")
    project.add("inspection", "http", "progress.py")
    assert "no issues" in project.manage("check")
    project.shell(registration("customer-10"))
    assert project.shell(LOOK) == "\n".join(["200 False"] * 4)
    assert "customer-10" in project.manage("events", "tail")


LOOK = """
from django.contrib.auth import get_user_model
from django.test import Client

staff = Client(SERVER_NAME="shop.example", headers={"accept": "text/html"})
staff.force_login(get_user_model().objects.create_superuser("007", "a password"))
log = "/backstage/eventstore/storedevent/"
for page in ("/backstage/", "/backstage/shop/customer/", log, log + "overview/"):
    answer = staff.get(page)
    print(answer.status_code, "Traceback" in answer.text)
"""
VIEWS = """
from django.http import HttpRequest, HttpResponse

from shop.blocks.http import REFUSALS, context, done, endpoint, refused, text
from shop.blocks.messaging import execute
from shop.blocks.privacy.personal import seal
from shop.customers import Register, register


@endpoint("POST", fields=["name"])
def customers(request: HttpRequest, number: str) -> HttpResponse:
    try:
        command = Register(seal(number, text(request, "name", 80)))
        events = execute(register, command, context(request))
    except REFUSALS as error:
        return refused(request, error, "problem.html", {})
    return done(request, events, lambda event: "Registered.")


def home(request: HttpRequest) -> HttpResponse:
    return HttpResponse("home")
"""
URLS = """
from django.urls import include

from shop import views

urlpatterns += [
    path("", include("shop.blocks.access.urls")),
    path("", views.home, name="home"),
    path("customers/<str:number>", views.customers),
]
"""
COPYING = (ROOT / "docs" / "copying.md").read_text()
[REST_FRAMEWORK] = re.findall(r"```python\n(from rest_framework.*?)```", COPYING, re.DOTALL)
BEARER, _, REST = REST_FRAMEWORK.replace("bank.access", "shop.blocks.access").partition(
    "REST_FRAMEWORK ="
)
ACCESS = """
MIDDLEWARE += ["shop.blocks.access.middleware.Access"]
TEMPLATES[0]["OPTIONS"]["context_processors"] += [
    "shop.blocks.http.context_processors.command_id"
]
LOGIN_URL, LOGIN_REDIRECT_URL = "login", "home"
PERMISSIONS = {"register": "shop.views.customers"}
FORWARDED_ALLOW_IPS = ["127.0.0.1"]
"""
REST_SETTINGS = f"""
REST_FRAMEWORK = {REST.replace("bank.rest", "shop.rest")}
OPEN_VIEWS = ["shop.api.Orders"]
"""
BASE = (
    "<title>{% block title %}{% endblock %}</title>{% block head %}{% endblock %}"
    "{% block account %}{% endblock %}{% block main %}{% endblock %}"
)


def test_access_names_what_is_open_and_what_is_in_one_transaction(project: Project) -> None:
    project.copy("access", "http")
    project.write("shop/settings.py", ACCESS)
    project.write("shop/views.py", VIEWS)
    project.write("shop/urls.py", URLS)
    project.write("shop/templates/base.html", BASE)
    problem = ROOT / "cqrs_example" / "templates" / "problem.html"
    project.write("shop/templates/problem.html", problem.read_text())
    project.write("shop/settings.py", 'INSTALLED_APPS += ["shop.blocks.access"]\n')
    told = project.manage("check", fails=True)
    assert "shop.api.Orders accepts DELETE without a login" in told
    assert "shop.views.customers" in told
    assert "ATOMIC_REQUESTS" in told
    project.write("shop/settings.py", REST_SETTINGS)
    project.write("shop/rest.py", BEARER)
    project.add("access")
    assert "non_atomic_requests" in project.shell(POST)
    view = project.root / "shop/views.py"
    view.write_text(
        "from django.db.transaction import non_atomic_requests\n"
        + VIEWS.replace("@endpoint", "@non_atomic_requests\n@endpoint")
    )
    assert "no issues" in project.manage("check")
    assert project.shell(POST).startswith("200 ")


POST = """
from django.test import Client
from shop.people.models import Person

known = Person.objects.filter(badge="5").first()
person = known or Person.objects.create_superuser("5", "a password")
client = Client(SERVER_NAME="shop.example", raise_request_exception=False)
client.force_login(person)
answer = client.post("/customers/customer-11", {"name": "Ann"}, content_type="application/json")
print(answer.status_code, answer.text, answer.exc_info and answer.exc_info[1])
"""


TOKENS = """
from django.core.management import call_command
from django.test import Client
from io import StringIO
from shop.people.models import Person

secret = StringIO()
call_command("create_token", "till", "--may", "register", stdout=secret, stderr=StringIO())
token = "Bearer " + secret.getvalue().strip()
print(Person.objects.get(badge="till").has_usable_password())
program = Client(SERVER_NAME="shop.example")
stranger, known = {}, {"headers": {"authorization": token}}
print([program.get("/api/orders", **who).status_code for who in (stranger, known)])
print(program.get("/api/orders", **known).json())
print([program.delete("/api/orders", **who).status_code for who in (stranger, known)])
post = {"data": {"name": "Bob"}, "content_type": "application/json"}
address = "/customers/customer-12"
print([program.post(address, **post, **who).status_code for who in (stranger, known)])
wrong = {"headers": {"authorization": token + "x"}}
print(program.get("/api/orders", **wrong).status_code)
print(program.post(address, **post, **wrong).status_code)
"""


def test_a_token_for_django_rest_framework_and_for_a_view(project: Project) -> None:
    """Of a User model with a badge and no user name."""
    assert project.shell(TOKENS).splitlines() == [
        "False",
        "[401, 200]",
        "{'who': 'till'}",
        "[401, 204]",
        "[401, 200]",
        "401",
        "401",
    ]


LOGIN = """
from django.core.management import call_command
from django.test import Client
from io import StringIO
from shop.people.models import Person

Person.objects.filter(is_superuser=True).delete()
said = StringIO()
call_command("create_first_admin", "--name", "1", stdout=said)
password = said.getvalue().split("password ")[1].split()[0]
browser = Client(SERVER_NAME="shop.example", headers={"accept": "text/html"})
here = {"headers": {"x-forwarded-for": "203.0.113.9:61234"}}
print(browser.get("/login", **here).status_code)
for typed in ("wrong", password):
    form = {"username": "1", "password": typed, "next": "/"}
    answer = browser.post("/login", form, **here)
    print(answer.status_code, "_auth_user_id" in browser.session)
print(browser.get("/backstage/", **here).status_code)
"""


def test_the_first_admin_logs_in_behind_a_proxy_that_adds_a_port(project: Project) -> None:
    assert project.shell(LOGIN).splitlines() == ["200", "200 False", "302 True", "200"]


def test_subscriptions_and_the_broker(project: Project) -> None:
    """Imported, checked and migrated; what they do is in tests of their own."""
    project.write("shop/settings.py", SUBSCRIBED)
    project.add("subscriptions", "operations", "waiting.py")
    project.manage("subscriptions", "switch")
    project.write("shop/settings.py", 'BROKER_URL = "amqp://127.0.0.1/"\n')
    project.add("rabbitmq")
    assert "no issues" in project.manage("check", "--database", "default")
    assert "customers" in project.manage("subscriptions")


SUBSCRIBED = """
SUBSCRIPTIONS = ["customers"]
"""


def test_types_of_the_copied_blocks_with_no_option_set(project: Project) -> None:
    project.copy("eventstore", "messaging", "privacy", "http", "projections", "inspection")
    project.copy("database", "operations", "event_model", "in_memory", "access", "subscriptions")
    project.copy("waiting.py", "progress.py")
    # What the block `rabbitmq` stands on, amqp, has no types.
    options = ("--strict", "--config-file=", "--no-incremental", "--exclude=blocks/rabbitmq")
    checked = project.run("-m", "mypy", *options, "shop/blocks", "shop/customers.py")
    assert "Success: no issues found" in checked
