import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from ....operations.asking import Unfit, require_own_session
from ....subscriptions.working import run
from ...relay import NAME, Relay, begin


class Command(BaseCommand):
    help = (
        "Publish what is recorded, until SIGTERM; of several processes one does, others stand by."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            require_own_session()
            begin()
        except (DatabaseError, Unfit) as error:
            raise CommandError(str(error)) from error
        stopping = Event()
        relay = Relay(stopping)
        self.stdout.write("Publishing what is recorded.")
        run([NAME], stopping, relay.source, relay.step)
