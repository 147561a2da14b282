from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from ....operations.processes import working_process
from ....subscriptions.working import run
from ...relay import NAME, Relay, begin


class Command(BaseCommand):
    help = "Publish what is recorded, until SIGTERM; of several processes one works, others wait."

    def handle(self, *args: Any, **options: Any) -> None:
        with working_process():
            begin()
            relay = Relay(stopping := Event())
            self.stdout.write("Publishing what is recorded.")
            run([NAME], stopping, relay.source, relay.step)
