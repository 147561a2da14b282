"""Compare a read model with the log, in one snapshot and without a lock."""

from ..progress import counted
from .delivered import reached
from .differences import differences
from .replay import Watch, catch_up, projection, replay
from .runs import Result, telling
from .sessions import column, snapshot
from .tables import temporary_tables


def verify_projection(name: str, watch: Watch) -> Result:
    """Compare a read model's rows with those that a replay of the log gives."""
    module = telling(projection(name))
    # Without CHECK constraints: a row that breaks one is reported like any other difference.
    with temporary_tables(module, checked=False) as tables:
        # Replay nearly all before the snapshot: in one long transaction a replay becomes slow.
        settled = catch_up(name, module, 0, watch)
        with snapshot():
            upto = reached(name, settled)
            for _ in replay(module, after=settled, upto=upto):
                pass
            [events] = column("SELECT count(*) FROM eventstore_event WHERE position <= %s", upto)
            rows = sum(column(f"SELECT count(*) FROM {table.live}")[0] for table in tables)
            many, missing, findings = differences(module, tables, events)
    if many:
        all_rows = counted(rows + missing, "row", "rows")
        differ = "differs" if many == 1 else "differ"
        sentence = f"{many:,} of {all_rows} {differ} from {counted(events, 'event', 'events')}"
        return Result(sentence, findings)
    agree = counted(rows, "row agrees", "rows agree")
    return Result(f"{agree} with {counted(events, 'event', 'events')}")
