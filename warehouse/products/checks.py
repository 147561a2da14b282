"""`manage.py check --database default` says if the search inside of SKUs has no index."""

from collections.abc import Iterable
from typing import Any

from django.core.checks import CheckMessage, Info, Tags, register
from django.db import DatabaseError, InterfaceError, connection

IS_THERE = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"
INDEX = "warehouse_products_inside"
SENTENCE = (
    "There is no index for texts inside of SKUs: a search for one reads the SKUs of all products,"
    " and finds the same."
)
HINT = (
    "Where Postgres has the extension pg_trgm, as its owner: CREATE EXTENSION pg_trgm; CREATE INDEX"
    f" CONCURRENTLY {INDEX} ON warehouse_products_product USING gin (sku gin_trgm_ops)"
    " WITH (gin_pending_list_limit = 256)"
)


@register(Tags.database)
def check_search(databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """There is an index for the search inside of SKUs.

    Other checks report a database that does not answer or is not migrated.
    """
    if "default" not in (databases or ()):
        return []
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('warehouse_products_product') IS NULL")
            if cursor.fetchone() == (True,):
                return []
            cursor.execute(IS_THERE, [INDEX])
            found = cursor.fetchone()
    except (DatabaseError, InterfaceError):
        return []
    return [] if found == (True,) else [Info(SENTENCE, hint=HINT, id="products.I001")]
