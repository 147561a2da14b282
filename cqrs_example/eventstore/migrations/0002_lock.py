from django.db import migrations

# One call, but one statement after the other, and each with a snapshot of its own because the
# function is VOLATILE: a read with the snapshot from before the wait would miss what was committed
# meanwhile. The keys are taken in order, so that two transactions over the same streams queue
# instead of deadlocking; streams that share a key by chance wait for each other, no more.
LOCK = """
CREATE FUNCTION eventstore_lock(append1 int, append2 int, names jsonb)
    RETURNS SETOF eventstore_event LANGUAGE plpgsql VOLATILE AS $$
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


class Migration(migrations.Migration):
    dependencies = [("eventstore", "0001_initial")]

    operations = [migrations.RunSQL(LOCK, "DROP FUNCTION eventstore_lock(int, int, jsonb)")]
