"""How gunicorn serves the application. WEB_CONCURRENCY and PORT change it."""

import fcntl
import gc
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cqrs_example.access.open_mode import refusal
from cqrs_example.logs import Json, configuration, current

port = os.environ.get("PORT") or "8000"
if not port.isdecimal() or not 1 <= int(port) <= 65535:
    sys.exit(f"PORT={port} is not a port: give a number from 1 to 65535.")
bind = f"127.0.0.1:{port}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or min(4, (os.cpu_count() or 1) + 1))
threads = 4
timeout = 30
graceful_timeout = 30
# A fork after the application has connected would share one connection between workers.
preload_app = False
# The socket is of no use here, and any process of the same account could stop the server by it.
control_socket_disable = True
# Workers touch a file every second: on a slow disk that blocks, and they are taken for dead.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
COUNTED = "cqrs-metrics-"  # folders are named so
# Else a client on this machine says in a header SCRIPT_NAME where the application is mounted, and
# is answered with 500 where the path does not fit. It is mounted at the root.
forwarder_headers = ""
limit_request_line = 4094
limit_request_fields = 50
limit_request_field_size = 4096
if os.environ.get("DEBUG") != "1":
    logging.captureWarnings(True)
    logconfig_dict = configuration(Json, os.environ.get("LOG_LEVEL", "INFO"))


def post_worker_init(worker: Any) -> None:
    """What is loaded stays for good: without it the search for garbage goes through all of it."""
    gc.freeze()


def post_request(worker: Any, request: Any, environ: Any, response: Any) -> None:
    """The thread's next line may be about a request that never reaches the application."""
    current.set({})


def on_starting(server: Any) -> None:
    """Refuses to start where that would let everybody in, or lose what was acknowledged."""
    hosts = [one[0] if isinstance(one, tuple) else f"socket {one}" for one in server.cfg.address]
    inherited = ["systemd's sockets"] if os.environ.get("LISTEN_FDS") else []
    if sentence := refusal(hosts + inherited):  # behind a socket is a proxy, and behind it anybody
        sys.exit(sentence)
    if server.cfg.workers < 1:
        sys.exit("Without a worker nobody is served: set WEB_CONCURRENCY to 1 or more.")
    # For this check, and for the workers' own if the database does not answer yet. Each worker has
    # a thread more, which writes how long handlers took.
    os.environ["WEB_CONNECTIONS"] = str(server.cfg.workers * (server.cfg.threads + 1))
    if os.environ.get("CHECKED_BY") == str(os.getppid()):
        return  # `make run` has just asked, on a database that it made: a second less to wait
    # In a process of its own: what this one loads or connects to, every worker would inherit.
    check = [sys.executable, "manage.py", "check", "--database", "default"]
    folder = Path(__file__).parent
    as_worker = {**os.environ, "WEB_PROCESS": "1"}  # it connects as they will
    done = subprocess.run(check, cwd=folder, env=as_worker, stdout=subprocess.DEVNULL)  # noqa: S603
    if done.returncode:
        sys.exit("The application did not start: the lines above say why.")


def when_ready(server: Any) -> None:
    """The start has not failed; workers are forked after this."""
    # Workers count in files here, so that `/metrics` says the same whichever of them answers. A
    # folder of ours that is named already is that of the server that this one replaces (SIGUSR2).
    given = os.environ.get("PROMETHEUS_MULTIPROC_DIR", COUNTED)
    if find_spec("prometheus_client") and COUNTED in given:
        remove_abandoned()
        server.counted_in = tempfile.mkdtemp(prefix=f"{COUNTED}{port}-", dir=worker_tmp_dir)
        # Held for as long as this process or one of its workers is there.
        server.counted_lock = os.open(f"{server.counted_in}/lock", os.O_CREAT)
        fcntl.flock(server.counted_lock, fcntl.LOCK_EX)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = server.counted_in


def remove_abandoned() -> None:
    """The folders of servers that were killed: neither they nor their workers hold the locks."""
    for folder in Path(worker_tmp_dir or tempfile.gettempdir()).glob(f"{COUNTED}*"):
        with suppress(OSError), (folder / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)


def on_exit(server: Any) -> None:
    shutil.rmtree(getattr(server, "counted_in", ""), ignore_errors=True)
