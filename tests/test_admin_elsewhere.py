"""The inspection in other admins: a site of their own, an admin of their own, any order."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .databases import own_database, url

pytestmark = pytest.mark.slices("products")
ROOT = Path(__file__).parent.parent
OWN_ADMIN = """
from django.contrib import admin
from cqrs_example.inspection.model_admins import ReadModelAdmin
from warehouse.products.models import Product

@admin.register(Product)
class OwnAdmin(ReadModelAdmin):
    projection = "products"
"""
OWN_SITE = """
from django.contrib import admin
from django.urls import path
from cqrs_example.urls import *

own = admin.AdminSite(name="own")
others = [one for one in urlpatterns if "admin" not in str(one.pattern)]
urlpatterns = [*others, path("own/", own.urls)]
"""
VISIT = """
from django.contrib.auth import get_user_model
from django.test import Client
client = Client(headers={"host": "localhost"})
client.force_login(get_user_model().objects.create_superuser("boss"))
answer = client.get(PATH)
print(answer.status_code, "Overview of the log" in answer.content.decode())
from django.contrib import admin
from warehouse.products.models import Product
print(type(admin.site._registry[Product]).__name__)
"""


def visit(folder: Path, page: str, settings: str) -> list[str]:
    """What the index of an admin answers under these settings, and whose admin has the products."""
    (folder / "own.py").write_text(
        f"from cqrs_example.settings.persisted_sync import *\n{settings}"
    )
    with own_database() as name:
        environment = {
            **os.environ,
            "PYTHONPATH": str(folder),
            "DJANGO_SETTINGS_MODULE": "own",
            "DATABASE_URL": url(name),
            "DEBUG": "1",
            "HTTPS": "0",
        }
        for arguments in (["migrate", "-v", "0"], ["shell", "-v", "0", "-c", VISIT]):
            arguments[-1] = arguments[-1].replace("PATH", repr(page))
            run = subprocess.run(
                [sys.executable, "manage.py", *arguments],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
            )
            assert run.returncode == 0, run.stderr
    return run.stdout.split()


LAST = """
INSTALLED_APPS.remove("cqrs_example.inspection")
INSTALLED_APPS += ["cqrs_example.inspection"]
"""


@pytest.mark.parametrize(
    ("settings", "admin_of_products"),
    [
        (LAST, "ProductAdmin"),
        ('INSTALLED_APPS = ["mine", *INSTALLED_APPS]', "OwnAdmin"),
        ('INSTALLED_APPS = [*INSTALLED_APPS, "mine"]', "OwnAdmin"),
    ],
    ids=["listed last", "own admin before", "own admin after"],
)
def test_any_order(django_db_setup, tmp_path, settings, admin_of_products):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/__init__.py").touch()
    (tmp_path / "mine/admin.py").write_text(OWN_ADMIN)
    assert visit(tmp_path, "/admin/", settings) == ["200", "True", admin_of_products]


def test_site_of_its_own(django_db_setup, tmp_path):
    (tmp_path / "own_urls.py").write_text(OWN_SITE)
    found = visit(tmp_path, "/own/", 'ROOT_URLCONF = "own_urls"')
    assert found == ["200", "False", "ProductAdmin"]
