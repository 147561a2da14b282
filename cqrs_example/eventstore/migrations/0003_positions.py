from typing import Any

from django.db import migrations

from ._going_back import refuse_unless_empty

# Whoever inserts, by whichever role: no position that the sequence has not handed out, and none
# below that of the stream's event before. One chosen freely would hide all later ones from readers,
# or stand below what they have read already. Once per statement: it takes 0.05 ms of an append, and
# 5 % of one of a thousand events. Names with their schema: a session may have temporary tables of
# the same names. Not ALWAYS, as the other trigger is: whoever subscribes to a logical replication
# gets rows, but no sequence.
POSITIONS = """
CREATE FUNCTION {schema}.eventstore_check_positions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT added.position, added.stream, added.version INTO wrong FROM new_events AS added
    WHERE added.position > (SELECT last_value FROM {sequence}) OR added.position <= (
        SELECT before.position FROM {schema}.eventstore_event AS before
        WHERE before.stream = added.stream AND before.version < added.version
        ORDER BY before.version DESC LIMIT 1
    ) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Position % for version % of % is refused.',
            wrong.position, wrong.version, wrong.stream
            USING ERRCODE = 'restrict_violation', HINT = 'The sequence hands out positions, and a'
                ' stream takes them in the order of its versions. After a copy, setval() first.';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER eventstore_positions AFTER INSERT ON {schema}.eventstore_event
    REFERENCING NEW TABLE AS new_events
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.eventstore_check_positions();
"""
REVERSE = """
DROP TRIGGER eventstore_positions ON eventstore_event;
DROP FUNCTION eventstore_check_positions();
"""
WHERE_IT_IS = """
SELECT quote_ident(nspname), pg_get_serial_sequence('eventstore_event', 'position')
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE pg_class.oid = 'eventstore_event'::regclass
"""


def check_positions(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(WHERE_IT_IS)
        schema, sequence = cursor.fetchone()
        cursor.execute(POSITIONS.format(schema=schema, sequence=sequence))


def remove_check(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute(REVERSE)


class Migration(migrations.Migration):
    dependencies = [("eventstore", "0002_lock")]

    operations = [
        migrations.RunPython(check_positions, remove_check),
        migrations.RunPython(migrations.RunPython.noop, refuse_unless_empty),
    ]
