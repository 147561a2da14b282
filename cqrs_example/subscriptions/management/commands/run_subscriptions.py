import signal
from argparse import ArgumentParser
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from ...checkpoints import NoSubscription
from ...following import from_log
from ...starting import require_agreement
from ...switching import wanted
from ...working import run


class Command(BaseCommand):
    help = (
        "Let subscriptions hear of what is recorded, until SIGTERM or Ctrl-C. Several processes"
        " may run: one works on each subscription, the others stand by."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="none: all of SUBSCRIPTIONS")

    def handle(self, *args: Any, **options: Any) -> None:
        there, names = wanted(), options["names"] or wanted()
        for name in names:
            if name not in there:
                raise CommandError(
                    f"{name} is no subscription. settings.SUBSCRIPTIONS has:"
                    f" {', '.join(there) or 'none'}."
                )
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        source = getattr(settings, "SUBSCRIPTION_SOURCE", None)
        try:
            require_agreement()
            self.stdout.write(f"Working on {', '.join(names)}.")
            run(names, Event(), import_string(source) if source else from_log)
        except NoSubscription as error:
            raise CommandError(str(error)) from error
