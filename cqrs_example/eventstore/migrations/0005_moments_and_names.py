from typing import Any

from django.db import migrations

from ._going_back import refuse_unless_empty

# Python knows no time before the year 1 or after 9999, and no infinity; a zone may take a day more.
# What was recorded before stays: NOT VALID looks at new events only, and holds up nobody.
MOMENTS = """
ALTER TABLE {log} ADD CONSTRAINT eventstore_moments CHECK (
    recorded_at >= '0001-01-02 UTC' AND recorded_at < '9999-12-31 UTC'
    AND occurred_at >= '0001-01-02 UTC' AND occurred_at < '9999-12-31 UTC'
) NOT VALID;
"""
# As 0002_lock made it, but each function is Postgres's own, and gets what it takes: for an integer
# in the place of the bigint, a function of that name elsewhere in search_path would be preferred.
LOCK = """
CREATE OR REPLACE FUNCTION {lock}(append1 int, append2 int, names jsonb)
    RETURNS SETOF {log} LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_catalog.pg_advisory_xact_lock_shared(append1, append2);
    PERFORM pg_catalog.pg_advisory_xact_lock(key) FROM (
        SELECT DISTINCT pg_catalog.hashtextextended(value, 0::bigint) AS key
        FROM pg_catalog.jsonb_array_elements_text(names) ORDER BY key
    ) AS sorted;
    RETURN QUERY
        SELECT last.* FROM (
            SELECT DISTINCT pg_catalog.jsonb_array_elements_text(names) AS name
        ) AS wanted CROSS JOIN LATERAL (
            SELECT * FROM eventstore_event WHERE stream = name ORDER BY version DESC LIMIT 1
        ) AS last;
END $$;
"""
# Who meets TRUNCATE is most often a test.
REFUSE = """
CREATE OR REPLACE FUNCTION {refuse}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The event log is append-only: % is refused.', TG_OP
        USING ERRCODE = 'restrict_violation', HINT = CASE TG_OP
            WHEN 'UPDATE' THEN 'Correct a wrong event by a further one.'
            WHEN 'DELETE' THEN 'Undo a wrong event by a further one. What is personal is forgotten'
                ' with its key: the block "privacy" in docs/copying.md.'
            ELSE 'In tests that end with TRUNCATE (TransactionTestCase), switch the trigger'
                ' eventstore_append_only off around it: docs/copying.md, "Tests that commit".'
        END;
END $$;
"""
LOCK_BEFORE = """
CREATE OR REPLACE FUNCTION {lock}(append1 int, append2 int, names jsonb)
    RETURNS SETOF {log} LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(append1, append2);
    PERFORM pg_advisory_xact_lock(key) FROM (
        SELECT DISTINCT hashtextextended(value, 0) AS key FROM jsonb_array_elements_text(names)
        ORDER BY key
    ) AS sorted;
    RETURN QUERY
        SELECT last.* FROM (SELECT DISTINCT jsonb_array_elements_text(names) AS name) AS wanted
        CROSS JOIN LATERAL (
            SELECT * FROM eventstore_event WHERE stream = name ORDER BY version DESC LIMIT 1
        ) AS last;
END $$;
"""
REFUSE_BEFORE = """
CREATE OR REPLACE FUNCTION {refuse}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The event log is append-only: % is refused.', TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'Correct a wrong event by a further one.'
            ' In tests that end with TRUNCATE (TransactionTestCase), switch the trigger'
            ' eventstore_append_only off around it: docs/copying.md, "Tests that commit".';
END $$;
"""
# Where they are, and not where search_path leads first by now.
WHERE_THEY_ARE = """
SELECT log::text, lock::text, refuse::text FROM (
    SELECT tgrelid::regclass AS log, tgfoid::regproc AS refuse FROM pg_trigger
    WHERE tgname = 'eventstore_append_only' AND tgrelid = 'eventstore_event'::regclass
) AS trigger, (SELECT 'eventstore_lock(int, int, jsonb)'::regprocedure::oid::regproc AS lock) AS its
"""


def make(apps: Any, schema_editor: Any) -> None:
    _execute(schema_editor, LOCK + REFUSE + MOMENTS)


def unmake(apps: Any, schema_editor: Any) -> None:
    drop = "ALTER TABLE {log} DROP CONSTRAINT eventstore_moments;"
    _execute(schema_editor, LOCK_BEFORE + REFUSE_BEFORE + drop)


def _execute(schema_editor: Any, statements: str) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(WHERE_THEY_ARE)
        log, lock, refuse = cursor.fetchone()
        cursor.execute(statements.format(log=log, lock=lock, refuse=refuse))


class Migration(migrations.Migration):
    dependencies = [("eventstore", "0004_append_only_hint")]

    operations = [
        migrations.RunPython(make, unmake),
        migrations.RunPython(migrations.RunPython.noop, refuse_unless_empty),
    ]
