from typing import Any

from django.core.management.base import CommandError
from django.db import migrations

# Who meets this is most often a test that ends with TRUNCATE.
REFUSE = """
CREATE OR REPLACE FUNCTION eventstore_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The event log is append-only: % is refused.', TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'Correct a wrong event by a further one.'
            ' In tests that end with TRUNCATE (TransactionTestCase), switch the trigger'
            ' eventstore_append_only off around it: docs/copying.md, "Tests that commit".';
END $$;
"""
BEFORE = """
CREATE OR REPLACE FUNCTION eventstore_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The event log is append-only: % is refused.', TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;
"""


def refuse_unless_empty(apps: Any, schema_editor: Any) -> None:
    """As the migration before does: going back stops here, before anything is undone."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM eventstore_event)")
        if cursor.fetchone() == (True,):
            raise CommandError(
                "The log has events, so its migrations are not undone: that would end in dropping"
                " it. Nothing was changed. Keep a dump, and drop the database, if that is meant."
            )


class Migration(migrations.Migration):
    dependencies = [("eventstore", "0003_positions")]

    operations = [
        migrations.RunSQL(REFUSE, BEFORE),
        # The last one, which is the first to be undone.
        migrations.RunPython(migrations.RunPython.noop, refuse_unless_empty),
    ]
