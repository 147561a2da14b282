"""For migrations: the log is not migrated away."""

from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandError
from django.db import connections


def refuse_to_undo(sender: Any, plan: Sequence[tuple[Any, bool]], using: str, **_: Any) -> None:
    """For the signal `pre_migrate`: undo nothing while the log has events.

    `migrate eventstore zero` would drop the log unasked. It begins with the migrations of others that
    depend on these, so this asks before any of them.
    """
    if any(undone and migration.app_label == sender.label for migration, undone in plan):
        _require_empty(connections[using])


def refuse_unless_empty(apps: Any, schema_editor: Any) -> None:
    """The same, where no signal is sent: a migration has it as its last operation, which is the
    first to be undone."""
    _require_empty(schema_editor.connection)


def _require_empty(connection: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM eventstore_event)")
        if cursor.fetchone() == (True,):
            raise CommandError(
                "The log has events, so its migrations are not undone: that would end in dropping"
                " it. Nothing was changed. Keep a dump, and drop the database, if that is meant."
            )
