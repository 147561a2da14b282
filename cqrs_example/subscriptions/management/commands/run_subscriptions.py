from argparse import ArgumentParser
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from ....operations.processes import working_process
from ...switching import differences, wanted
from ...working import run

FROM_LOG = f"{__name__.rsplit('.', 3)[0]}.following.from_log"


class Command(BaseCommand):
    help = "Deliver to subscriptions until SIGTERM; one process works, others of them stand by."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help="by default all SUBSCRIPTIONS")

    def handle(self, *args: Any, **options: Any) -> None:
        names = options["names"] or wanted()
        if not names or not set(names) <= set(wanted()):
            raise CommandError(f"settings.SUBSCRIPTIONS has {wanted()}, but not {names or 'any'}.")
        with working_process():
            if sentences := differences():
                raise CommandError("\n".join(sentences))
            source = import_string(getattr(settings, "SUBSCRIPTION_SOURCE", FROM_LOG))
            self.stdout.write(f"Working on {', '.join(names)}.")
            run(names, Event(), source)
