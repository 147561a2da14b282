"""For migrations: the log is not migrated away."""

from typing import Any

from django.core.management.base import CommandError


def refuse_unless_empty(apps: Any, schema_editor: Any) -> None:
    """Undo nothing while the log has events: `migrate eventstore zero` would drop it unasked.

    Each migration that can be undone has it as its last operation, which is the first to be undone.
    So going back stops before anything is changed.
    """
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM eventstore_event)")
        if cursor.fetchone() == (True,):
            raise CommandError(
                "The log has events, so its migrations are not undone: that would end in dropping"
                " it. Nothing was changed. Keep a dump, and drop the database, if that is meant."
            )
