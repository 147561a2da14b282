"""The inspection in other admins: a site of their own, an admin of their own, any order."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .databases import own_database, url

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent
OWN_ADMIN = """
from django.contrib import admin
from cqrs_example.inspection.model_admins import ReadModelAdmin
from tests.bank.models import Account

@admin.register(Account)
class OwnAdmin(ReadModelAdmin):
    projection = "accounts"
"""
OWN_SITE = """
from django.contrib import admin
from django.urls import path
from tests.bank.urls import *

own = admin.AdminSite(name="own")
others = [entry for entry in urlpatterns if "admin" not in str(entry.pattern)]
urlpatterns = [*others, path("own/", own.urls)]
"""
VISIT = """
from django.contrib.auth import get_user_model
from django.test import Client
client = Client(headers={"host": "localhost"})
users = get_user_model().objects
client.force_login(users.filter(username="boss").first() or users.create_superuser("boss"))
answer = client.get(PATH)
print(answer.status_code, "Overview of the log" in answer.content.decode())
from django.contrib import admin
from tests.bank.models import Account
names = [kind.__name__ for kind in type(admin.site._registry[Account]).__mro__]
print(next(name for name in names if name in ("OwnAdmin", "ReadModelAdmin")))
"""


@pytest.fixture(scope="module")
def database(django_db_setup: None) -> Iterator[str]:
    """The URL of one that is migrated: no test adds a table."""
    with own_database() as name:
        manage(url(name), "tests.bank.settings", "migrate", "-v", "0")
        yield url(name)


def manage(database: str, settings: str, *arguments: str, **environment: str) -> str:
    ours = {"DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": settings}
    run = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "DEBUG": "1", "HTTPS": "0", **ours, **environment},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def visit(database: str, folder: Path, page: str, settings: str) -> list[str]:
    """What the index of an admin answers under these settings, and whose admin has the accounts."""
    (folder / "own.py").write_text(f"from tests.bank.settings import *\n{settings}")
    script = VISIT.replace("PATH", repr(page))
    shell = ("shell", "-v", "0", "-c", script)
    return manage(database, "own", *shell, PYTHONPATH=str(folder)).split()


LAST = """
INSTALLED_APPS.remove("cqrs_example.inspection")
INSTALLED_APPS += ["cqrs_example.inspection"]
"""


@pytest.mark.parametrize(
    ("settings", "admin_of_accounts"),
    [
        (LAST, "ReadModelAdmin"),
        ('INSTALLED_APPS = ["mine", *INSTALLED_APPS]', "OwnAdmin"),
        ('INSTALLED_APPS = [*INSTALLED_APPS, "mine"]', "OwnAdmin"),
    ],
    ids=["listed last", "own admin before", "own admin after"],
)
def test_any_order(database, tmp_path, settings, admin_of_accounts):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/__init__.py").touch()
    (tmp_path / "mine/admin.py").write_text(OWN_ADMIN)
    assert visit(database, tmp_path, "/admin/", settings) == ["200", "True", admin_of_accounts]


def test_site_of_its_own(database, tmp_path):
    (tmp_path / "own_urls.py").write_text(OWN_SITE)
    found = visit(database, tmp_path, "/own/", 'ROOT_URLCONF = "own_urls"')
    assert found == ["200", "False", "ReadModelAdmin"]
