from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from ....operations.processes import working_process
from ....subscriptions.working import run
from ...relay import NAME, Relay, begin


class Command(BaseCommand):
    help = "Publish recorded events until SIGTERM; one process works, others of them stand by."

    def handle(self, *args: Any, **options: Any) -> None:
        with working_process():
            begin()
            relay = Relay(stopping := Event())
            self.stdout.write("Publishing recorded events.")
            run([NAME], stopping, relay.source, relay.step)
