import signal
from argparse import ArgumentParser
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils.module_loading import import_string

from ....operations.asking import Unfit, require_own_session
from ...switching import differences, wanted
from ...working import run

FROM_LOG = f"{__name__.rsplit('.', 3)[0]}.following.from_log"


class Command(BaseCommand):
    help = "Let subscriptions hear until SIGTERM; of several processes one works, others stand by."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="none: all of SUBSCRIPTIONS")

    def handle(self, *args: Any, **options: Any) -> None:
        names = options["names"] or wanted()
        if unknown := [name for name in names if name not in wanted()] or not names:
            raise CommandError(f"settings.SUBSCRIPTIONS has {wanted()}, but not {unknown}.")
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            require_own_session()
            if sentences := differences():
                raise CommandError("\n".join(sentences))
            source = import_string(getattr(settings, "SUBSCRIPTION_SOURCE", FROM_LOG))
            self.stdout.write(f"Working on {', '.join(names)}.")
            run(names, Event(), source)
        except (DatabaseError, Unfit) as error:
            raise CommandError(str(error)) from error
