from typing import Any

from django.db import DatabaseError, migrations, models

TABLE = "warehouse_products_product"
INSIDE = "warehouse_products_inside"
# What writers add is put into this index when so many kB wait, so that none of them has much to do
# at once.
SEARCH = f"""CREATE INDEX CONCURRENTLY {INSIDE} ON {TABLE}
    USING gin (sku gin_trgm_ops) WITH (gin_pending_list_limit = 256)"""


def _drop(name: str) -> str:
    return f"DROP INDEX CONCURRENTLY IF EXISTS {name}"


def _ordered(column: str, name: str) -> migrations.RunSQL:
    """An interrupted CREATE INDEX CONCURRENTLY leaves an index that is not valid: it goes first."""
    create = f"CREATE INDEX CONCURRENTLY {name} ON {TABLE} ({column}, sku)"
    index = models.Index(fields=[column, "sku"], name=name)
    state = [migrations.AddIndex("product", index)]
    return migrations.RunSQL([_drop(name), create], _drop(name), state_operations=state)


def _search(apps: Any, editor: Any) -> None:
    """Where the server has pg_trgm, and lets us: a search inside of SKUs is slower without it, and
    finds the same. `manage.py check --database default` says that it is missing."""
    try:
        editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError:
        return
    editor.execute(_drop(INSIDE))
    editor.execute(SEARCH)


def _no_search(apps: Any, editor: Any) -> None:
    editor.execute(_drop(INSIDE))  # the extension stays: others may use it


OLD = "warehouse_products_quantity"


class Migration(migrations.Migration):
    # Writers go on while the indexes are made.
    atomic = False

    dependencies = [("warehouse_products", "0001_initial")]

    operations = [
        _ordered("quantity", "warehouse_products_by_quantity"),
        _ordered("changed_at", "warehouse_products_by_change"),
        migrations.RunSQL(
            _drop(OLD),
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {OLD} ON {TABLE} (quantity)",
            state_operations=[migrations.RemoveIndex("product", OLD)],
        ),
        migrations.RunPython(_search, _no_search),
    ]
