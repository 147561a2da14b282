"""The application with its database, until Ctrl-C: `python -m dev.run [--reload]`.
With `--switch` it only makes the database agree with the mode on who delivers.

MODE chooses a mode. Postgres is the embedded one unless DATABASE_URL is set.
"""

import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from dev.environment import development_values, reachable_database_url
from dev.failure import DevError, exit_with_sentence
from dev.memory_sync import in_memory
from dev.modes import ASYNCHRONOUS, IN_MEMORY, chosen_mode, settings_of
from dev.places import ROOT
from dev.postgres import embedded
from dev.processes import accepts
from dev.rabbitmq import running as rabbitmq
from dev.stopping import (
    catch_signals,
    end_children,
    end_of,
    is_stopping,
    run_child,
    start_guard,
    start_waiting,
)

HOST = "127.0.0.1"


PREPARE = [sys.executable, "-m", "dev.prepare"]
WORKERS = [sys.executable, "manage.py", "run_subscriptions"]
RELAY = [sys.executable, "manage.py", "relay"]
SWITCH = [sys.executable, "manage.py", "subscriptions", "switch"]


def main() -> int:
    reload, switch = sys.argv[1:] == ["--reload"], sys.argv[1:] == ["--switch"]
    mode = chosen_mode()
    port = _free_port(os.environ.get("PORT") or "8000")
    _refuse_workers(os.environ.get("WEB_CONCURRENCY", "1"))
    env = {**development_values(), **os.environ, "PORT": str(port)}
    if "MODE" in os.environ or "DJANGO_SETTINGS_MODULE" not in os.environ:
        env["DJANGO_SETTINGS_MODULE"] = settings_of(mode)
    catch_signals()
    start_guard()
    if mode == IN_MEMORY:
        env |= {"CHECKED_BY": str(os.getpid())}  # by `dev.prepare`, on a database of our own
    # This connects to DATABASE_URL, before a child could show a traceback about a wrong one.
    postgres = _database(mode)
    # Django takes as long to come up as Postgres does: both at once.
    prepare = start_waiting(PREPARE, env)
    with postgres as url:
        env |= {"DATABASE_URL": url} if url else {}
        if end_of(prepare, url or "") != 0:
            raise DevError("The database is not ready: the lines above say why.")
        if switch:
            return run_child(SWITCH, env)
        if mode != ASYNCHRONOUS:
            return _serve(port, env, reload)
        with _broker() as broker_url:
            env |= {"BROKER_URL": broker_url}
            with _children([WORKERS, RELAY] if broker_url else [WORKERS], env):
                return _serve(port, env, reload)


def _database(mode: str) -> AbstractContextManager[str | None]:
    if mode == IN_MEMORY:
        return in_memory()
    return nullcontext() if reachable_database_url() else embedded()


def _free_port(text: str) -> int:
    try:
        port = int(text)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
    except (ValueError, OverflowError):
        raise DevError(f"PORT={text} is not a port: give a number from 1 to 65535.") from None
    except OSError as error:
        raise DevError(
            f"Port {text} of {HOST} cannot be used ({error.strerror}): stop the program that has"
            " it, or choose another port, for example PORT=8001."
        ) from None
    return port


def _refuse_workers(text: str) -> None:
    if not text.isdecimal():  # gunicorn reads it before gunicorn.conf.py, and shows a traceback
        raise DevError(f"WEB_CONCURRENCY={text} is no number of processes: give 1 or more.")


def _broker() -> AbstractContextManager[str]:
    """The URL of RabbitMQ: BROKER=1 starts Debian's; empty where workers follow the log."""
    if os.environ.get("BROKER") == "1":
        return rabbitmq()
    return nullcontext(os.environ.get("BROKER_URL", ""))


@contextmanager
def _children(commands: list[list[str]], env: dict[str, str]) -> Iterator[None]:
    """Beside the server; they end with it. One that ends sooner has said why."""
    threads = [threading.Thread(target=run_child, args=[command, env]) for command in commands]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        end_children()
        for thread in threads:
            thread.join()


def _serve(port: int, env: dict[str, str], reload: bool) -> int:
    threading.Thread(target=_announce, args=[port], daemon=True).start()
    if reload:
        # In our session, so that breakpoint() can read the terminal.
        command = [sys.executable, "manage.py", "runserver", f"{HOST}:{port}"]
        return run_child(command, env, own_session=False)
    return run_child([sys.executable, "-m", "gunicorn", "cqrs_example.wsgi"], env)


def _announce(port: int) -> None:
    while not is_stopping() and not accepts(port):
        time.sleep(0.1)
    if not is_stopping():
        print(f"Open http://{HOST}:{port}/ (Ctrl-C stops).", flush=True)


if __name__ == "__main__":
    os.chdir(ROOT)
    exit_with_sentence(main)
