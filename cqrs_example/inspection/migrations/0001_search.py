from django.db import migrations


# One index for every field of every event, for who did it and for the command's name. It keeps
# hashes: no value is too long for it. What writers add is put into the index when so many kB wait,
# so that none of them has much to do at once.
SEARCH = """CREATE INDEX CONCURRENTLY inspection_search ON eventstore_event USING gin (
    data jsonb_path_ops, (metadata -> 'actor') jsonb_path_ops,
    (metadata #> '{command,name}') jsonb_path_ops) WITH (gin_pending_list_limit = 256)"""
# The lowest and the highest time of each few pages: next to nothing to write.
OCCURRED = """CREATE INDEX CONCURRENTLY inspection_occurred ON eventstore_event
    USING brin (occurred_at) WITH (pages_per_range = 32, autosummarize = on)"""


def _made(name: str, sql: str) -> migrations.RunSQL:
    """An interrupted CREATE INDEX CONCURRENTLY leaves an index that is not valid: it goes first."""
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
    return migrations.RunSQL([drop, sql], drop)


class Migration(migrations.Migration):
    # Writers go on while the indexes are made.
    atomic = False

    dependencies = [("eventstore", "0001_initial")]

    operations = [_made("inspection_search", SEARCH), _made("inspection_occurred", OCCURRED)]
