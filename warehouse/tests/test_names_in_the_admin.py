"""Names in the admin are English: an abbreviation in capitals, and plurals that exist."""

import re

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User

from .given import received, shipped


def test_names_of_tables_and_columns():
    admin.autodiscover()
    for model in admin.site._registry:
        assert not model._meta.verbose_name_plural.endswith("ss"), model
    for model in apps.get_models():
        names = [str(field.verbose_name) for field in model._meta.fields]
        assert "sku" not in names, model


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("table", "title"),
    [
        pytest.param(
            "warehouse_products/product", "Products", marks=pytest.mark.slices("products")
        ),
        pytest.param(
            "warehouse_shipping_report/dayofshipping",
            "Days of shipping",
            marks=pytest.mark.slices("shipping_report"),
        ),
    ],
)
def test_pages_say_sku(client, table, title):
    received("abc123", 5)
    shipped("abc123", 1)
    client.force_login(User.objects.create_superuser("boss"))
    page = client.get(f"/admin/{table}/").content.decode()
    assert re.search(r"<th scope=\"col\">SKU</th>", page)
    assert "Sku" not in page
    assert f"<title>{title} | " in page
