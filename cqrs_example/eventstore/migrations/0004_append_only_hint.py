from django.db import migrations

from ._going_back import refuse_unless_empty

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


class Migration(migrations.Migration):
    dependencies = [("eventstore", "0003_positions")]

    operations = [
        migrations.RunSQL(REFUSE, BEFORE),
        migrations.RunPython(migrations.RunPython.noop, refuse_unless_empty),
    ]
