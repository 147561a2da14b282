"""What stands between: standbys behind the database, poolers before it, proxies before the
application."""

import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from dev.chaos.clients import CLIENTS
from dev.chaos.database import Database
from dev.chaos.harness import Harness, NotPossible
from dev.pooler import pgbouncer
from dev.processes import wait_until
from dev.standby import copy_as_standby

IN_STEP = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"

LIMITS = {
    "lock_timeout": "3s",
    "statement_timeout": "10s",
    "idle_in_transaction_session_timeout": "15s",
}


def standby_away(harness: Harness) -> int:
    """A synchronous standby is killed until eight commands were answered that it may lack them."""
    with _standby(harness) as standby:
        standby.kill()
        harness.load.wait_for_failures(CLIENTS)
        standby.start()
        wait_until(lambda: bool(harness.database.ask(IN_STEP)), "a standby that is in step again")
    return 1


def switched_over(harness: Harness) -> int:
    """SIGKILL to Postgres, and its synchronous standby is promoted to take its place."""
    old = harness.database
    with _standby(harness) as standby:
        harness.load.wait_for(50)
        old.kill()
        harness.use(standby)
        standby.ask("SELECT pg_promote()")
        harness.proxy.cut()
    shutil.rmtree(old.cluster.folder)
    return 1


def pooler_killed(harness: Harness) -> int:
    """SIGKILL to PgBouncer before the database, in transaction mode, six times, under load."""
    if not shutil.which("pgbouncer"):
        raise NotPossible("there is no pgbouncer")
    with (
        _limits_of_the_role(harness.database),
        pgbouncer(harness.database.url(), pool_mode="transaction", default_pool_size=8) as pooler,
        _through(harness, pooler.url),
    ):
        for _ in harness.load.turns(6, commands=20):
            pooler.kill()
            pooler.start()
    return 6


def answers_cut(harness: Harness) -> int:
    """A proxy before the application cuts all connections of clients, ten times, under load."""
    for _ in harness.load.turns(10, commands=20):
        harness.front.cut()
    return 0


@contextmanager
def _standby(harness: Harness) -> Iterator[Database]:
    """A standby without which the database does not say that it has committed."""
    primary = harness.database
    standby = Database(harness.folder / f"standby-{primary.port}")
    copy_as_standby(primary.url(database="postgres"), standby.cluster)
    standby.start()
    standby.wait()
    _alter(primary, "SET synchronous_standby_names = '*'")
    wait_until(lambda: bool(primary.ask(IN_STEP)), "a standby that is in step")
    try:
        yield standby
    finally:
        if harness.database is primary:
            _alter(primary, "RESET synchronous_standby_names")
            standby.stop(signal.SIGQUIT)
            shutil.rmtree(standby.cluster.folder)


def _alter(database: Database, change: str) -> None:
    database.ask(f"ALTER SYSTEM {change}")
    database.ask("SELECT pg_reload_conf()")


@contextmanager
def _limits_of_the_role(database: Database) -> Iterator[None]:
    """A pooler does not hand on what a session begins with."""
    for name, value in LIMITS.items():
        database.ask(f"ALTER ROLE postgres SET {name} = '{value}'")
    yield
    database.ask("ALTER ROLE postgres RESET ALL")


@contextmanager
def _through(harness: Harness, url: str) -> Iterator[None]:
    """The application anew, with a pooler in the wire; and then without it again."""
    direct = harness.proxy.target, dict(harness.application.environment)
    at = urlsplit(url)
    try:
        harness.application.stop()
        harness.proxy.target = at.port or 0
        through = at._replace(netloc=f"{at.username}@127.0.0.1:{harness.proxy.port}").geturl()
        harness.application.environment |= {"DATABASE_URL": through, "DATABASE_POOLER": "1"}
        harness.application.start()
        harness.application.wait()
        yield
    finally:
        harness.application.stop()
        harness.proxy.target, harness.application.environment = direct
        harness.application.start()


FAULTS = (standby_away, switched_over, pooler_killed, answers_cut)
