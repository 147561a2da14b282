"""Debian's RabbitMQ on ports of our own, with its data under the checkout, until Ctrl-C.

`python -m dev.rabbitmq` on RABBITMQ_PORT (5673) and the port after it. It needs no epmd, so nothing
of it stays.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.failure import DevError, exit_with_sentence
from dev.places import ROOT
from dev.processes import accepts, wait_until
from dev.stopping import catch_signals, wait_for_stop

PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
START = 90  # seconds
# By resource: what sets its limit, a limit that is always kept, and one that is not, so that there
# is an alarm.
ALARMS = {
    "memory": ("vm_memory_monitor set_vm_memory_high_watermark", "0.4", "{absolute, 1000000}"),
    "disk": ("rabbit_disk_monitor set_disk_free_limit", "50000000", "9000000000000000"),
}
ERLANG = "-start_epmd false -erl_epmd_port {port} -kernel inet_dist_use_interface {{127,0,0,1}}"
CONFIGURATION = """
listeners.tcp.default = 127.0.0.1:{port}
log.console = true
log.console.level = warning
{more}
"""


class Rabbit:
    """One broker; `stop` and `kill` leave its data, `wipe` removes them while it is down."""

    def __init__(self, folder: Path, port: int, more: str = "") -> None:
        self.folder, self.port, self.more = folder, port, more
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    def start(self) -> None:
        (self.folder / "home").mkdir(parents=True, exist_ok=True)
        text = CONFIGURATION.format(port=self.port, more=self.more)
        (self.folder / "rabbitmq.conf").write_text(text)
        with (self.folder / "output").open("a") as output:
            self.process = subprocess.Popen(
                [PROGRAM],
                env={**os.environ, **self._environment()},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        wait_until(self._answers, f"RabbitMQ on port {self.port}", START)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Its whole session: the server is a child of a shell script."""
        if self.process:
            os.killpg(self.process.pid, number)
            self.process.wait()
            wait_until(lambda: not accepts(self.port), "RabbitMQ has stopped")
            self.process = None

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def wipe(self) -> None:
        shutil.rmtree(self.folder / "data", ignore_errors=True)

    def block(self, resource: str) -> None:
        """An alarm, as when "memory" or "disk" run out: from now on publishers wait."""
        setter, _, wanting = ALARMS[resource]
        self._call(f"{setter} [{wanting}]")

    def unblock(self, resource: str) -> None:
        setter, enough, _ = ALARMS[resource]
        self._call(f"{setter} [{enough}]")

    def _call(self, function: str) -> None:
        """Without rabbitmqctl, which takes seconds, and needs a daemon that would stay (epmd)."""
        cookie = (self.folder / "home" / ".erlang.cookie").read_text()
        node = f"localhost:{self.port + 1}"
        command = ["erl_call", "-c", cookie, "-address", node, "-a", function]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def _answers(self) -> bool:
        if self.process and self.process.poll() is not None:
            output = (self.folder / "output").read_text()[-500:]
            raise DevError(f"RabbitMQ did not start: {output}")
        return accepts(self.port)

    def _environment(self) -> dict[str, str]:
        port = self.port + 1
        return {
            "HOME": str(self.folder / "home"),
            "RABBITMQ_NODENAME": f"warehouse{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(port),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG.format(port=port),
        }


@contextmanager
def running(folder: Path = ROOT / ".rabbitmq") -> Iterator[str]:
    """The URL of the checkout's broker; where it is up already, of that one."""
    if not PROGRAM.exists():
        raise DevError(
            f"There is no {PROGRAM}: install Debian's rabbitmq-server, or set BROKER_URL."
        )
    rabbit = Rabbit(folder, int(os.environ.get("RABBITMQ_PORT") or 5673))
    if accepts(rabbit.port):
        yield rabbit.url
        return
    rabbit.start()
    try:
        yield rabbit.url
    finally:
        rabbit.stop()


def main() -> int:
    catch_signals()
    with running() as url:
        print(f"RabbitMQ is up until Ctrl-C: BROKER_URL={url}", flush=True)
        wait_for_stop()
    return 0


if __name__ == "__main__":
    os.chdir(ROOT)
    exit_with_sentence(main)
