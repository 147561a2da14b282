"""gunicorn, as it is shipped, as the harness's child."""

import http.client
import os
import secrets
import signal
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

from dev.environment import development_values
from dev.failure import DevError
from dev.places import ROOT
from dev.processes import children, free_port, is_alive, wait_until

SETTINGS = "dev.chaos.settings"


class Application:
    """The server, and what is run beside it; `direct` is a URL that leads past the proxy."""

    def __init__(self, folder: Path, url: str, direct: str) -> None:
        self.log = folder / "application.log"
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "DJANGO"))}
        self.environment = {
            **kept,
            **development_values(),
            # As in production.
            "DEBUG": "0",
            "HTTPS": "0",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "DATABASE_URL": url,
            "PORT": str(self.port),
            "CHAOS_FOLDER": str(folder),
        }
        self.direct = {**self.environment, "DATABASE_URL": direct}

    def start(self) -> None:
        """Starts it; `wait` says when it answers."""
        environment = {"DJANGO_SETTINGS_MODULE": SETTINGS, **self.environment}
        command = [sys.executable, "-m", "gunicorn", "cqrs_example.wsgi"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def wait(self) -> None:
        wait_until(self._is_ready, f"an application that is ready ({self.log})")

    def _is_ready(self) -> bool:
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        # Whatever is wrong, it is not ready: `wait` says so if it stays like that.
        with suppress(OSError, http.client.HTTPException), closing(client):
            client.request("GET", "/readyz")
            return client.getresponse().status == 200
        return False

    def workers(self) -> list[int]:
        return children(self.process.pid) if self.process else []

    def reload(self) -> None:
        """Asks it for new workers."""
        if self.process:
            self.process.send_signal(signal.SIGHUP)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends it, and waits until workers that lost their master have ended too."""
        if self.process:
            workers = self.workers()
            self.process.send_signal(how)
            self.process.wait()
            wait_until(lambda: not any(map(is_alive, workers)), "workers that end with the master")

    def manage(self, *words: str) -> None:
        """Runs `manage.py`, past the proxy; DevError with what it said when it fails."""
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(
            command, cwd=ROOT, env=self.direct, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise DevError(f"manage.py {' '.join(words)} failed:\n{done.stdout}{done.stderr}")
