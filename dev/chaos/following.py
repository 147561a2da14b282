"""All hear after the commit: beside the server there are a broker, two relays and two workers."""

import random
import signal
import subprocess
import sys
from pathlib import Path

from dev.chaos.harness import Harness, Outcome
from dev.chaos.proxy import Proxy
from dev.places import ROOT
from dev.processes import free_port, wait_until
from dev.rabbitmq import Rabbit

SETTINGS = "dev.chaos.settings_after_commit"
RELAY, WORKER = "relay", "run_subscriptions"

CATCH_UP = 600  # seconds: a policy's commits are one for each event
BEHIND = """
    SELECT name FROM subscriptions_checkpoint
    WHERE position < (SELECT max(position) FROM eventstore_event)
"""
# Each shipment that leaves few is told once, and nothing else is.
NOT_TOLD_ONCE = """
    SELECT shipment.id, count(notification.id) FROM eventstore_event AS shipment
    LEFT JOIN eventstore_event AS notification ON notification.causation_id = shipment.id
    WHERE shipment.type = 'warehouse.ProductQuantityShipped'
    GROUP BY shipment.id, (shipment.data ->> 'quantity_on_hand')::int <= 5
    HAVING count(notification.id) <> CASE WHEN (shipment.data ->> 'quantity_on_hand')::int <= 5
        THEN 1 ELSE 0 END
"""
TROUBLE = """
    SELECT name || ' stands still: ' || trouble FROM subscriptions_checkpoint WHERE trouble <> ''
    UNION ALL SELECT subscription || ' has parked ' || event_id FROM subscriptions_parked
"""


class FollowingHarness(Harness):
    """All connections to the broker lead through `wire`."""

    def __init__(self, folder: Path, commands: int) -> None:
        super().__init__(folder, commands)
        self.rabbit = Rabbit(folder / "rabbitmq", free_port(following=1))
        self.wire = Proxy(self.rabbit.port)
        broker = f"amqp://guest:guest@127.0.0.1:{self.wire.port}/"
        ours = {"DJANGO_SETTINGS_MODULE": SETTINGS, "BROKER_URL": broker}
        self.application.environment |= ours
        self.application.direct |= ours
        self.processes = list[tuple[str, subprocess.Popen[bytes]]]()

    def start(self) -> None:
        self.rabbit.start()
        super().start()

    def prepare(self) -> None:
        super().prepare()
        self.application.manage("subscriptions", "switch")
        for name in (RELAY, RELAY, WORKER, WORKER):
            self.begin(name)

    def begin(self, name: str) -> None:
        """One more process of `manage.py relay` or `manage.py run_subscriptions`."""
        with self.application.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "manage.py", name],
                cwd=ROOT,
                env=self.application.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append((name, process))

    def end(self, name: str, how: signal.Signals) -> None:
        """End one of these processes, and start another, as whoever watches over them would."""
        chosen = random.choice([one for one in self.processes if one[0] == name])  # noqa: S311
        self.processes.remove(chosen)
        chosen[1].send_signal(how)
        chosen[1].wait()
        self.begin(name)

    def stop(self) -> None:
        for _, process in self.processes:
            process.terminate()
        for _, process in self.processes:
            process.wait()
        super().stop()
        self.rabbit.kill()

    def _audit(self, before: int) -> Outcome:
        """When all have heard of everything: what each event did, it did once."""
        caught_up = "relay and workers that have caught up"
        wait_until(lambda: not self.database.ask(BEHIND), caught_up, CATCH_UP)
        outcome = super()._audit(before)
        wrong = self.database.ask(NOT_TOLD_ONCE)
        outcome.findings += [f"{event} led to {count} notifications." for event, count in wrong]
        outcome.findings += [sentence for (sentence,) in self.database.ask(TROUBLE)]
        return outcome
