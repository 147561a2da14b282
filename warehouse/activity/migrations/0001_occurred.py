from django.db import migrations

NAME = "warehouse_activity_occurred"
# Days that are long past are found without walking there: in an index whose end is written to.
CREATE = f"CREATE INDEX CONCURRENTLY {NAME} ON eventstore_event (occurred_at, position)"
DROP = f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}"


class Migration(migrations.Migration):
    # Writers go on while the index is made.
    atomic = False

    dependencies = [("eventstore", "0001_initial")]

    # An interrupted CREATE INDEX CONCURRENTLY leaves an index that is not valid: it goes first.
    operations = [migrations.RunSQL([DROP, CREATE], DROP)]
