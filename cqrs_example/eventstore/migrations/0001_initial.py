from django.db import migrations, models


# The log is append-only for everybody, its owner included. Per statement, so that nothing slips
# through that touches no row; TRUNCATE too, which per-row triggers never see; ALWAYS, because
# session_replication_role = replica would switch off an ordinary trigger.
APPEND_ONLY = """
CREATE FUNCTION eventstore_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The event log is append-only: % is refused.', TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER eventstore_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON eventstore_event
    FOR EACH STATEMENT EXECUTE FUNCTION eventstore_refuse();
ALTER TABLE eventstore_event ENABLE ALWAYS TRIGGER eventstore_append_only;
"""
REVERSE = """
DROP TRIGGER eventstore_append_only ON eventstore_event;
DROP FUNCTION eventstore_refuse();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="StoredEvent",
            fields=[
                ("position", models.BigAutoField(primary_key=True, serialize=False)),
                ("event_id", models.UUIDField(db_column="id")),
                ("stream", models.TextField(db_collation="C")),
                ("version", models.IntegerField()),
                ("type", models.TextField()),
                ("schema_version", models.IntegerField()),
                ("data", models.JSONField()),
                ("correlation_id", models.UUIDField(db_index=True)),
                ("causation_id", models.UUIDField(db_index=True)),
                ("metadata", models.JSONField()),
                ("recorded_at", models.DateTimeField()),
                ("occurred_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "event",
                "db_table": "eventstore_event",
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["type", "position"], name="eventstore_event_type")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("event_id",), name="eventstore_event_id"),
                    models.UniqueConstraint(
                        fields=("stream", "version"), name="eventstore_version"
                    ),
                ],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, REVERSE),
    ]
