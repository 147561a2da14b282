import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from ...checkpoints import NoSubscription, reset
from ...models import Parked
from ...policies import retry
from ...status import sentence, status
from ...switching import CannotSwitch, switch


class Command(BaseCommand):
    help = "Show how far subscriptions are; switch them, retry parked events, or reset positions."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the status as JSON")
        actions = parser.add_subparsers(dest="action", metavar="ACTION")
        actions.add_parser("switch", help="obey SUBSCRIPTIONS; stop servers and workers first")
        retrying = actions.add_parser("retry", help="deliver parked events to policies again")
        retrying.add_argument("name", nargs="?", metavar="NAME", choices=list(settings.POLICIES))
        resetting = actions.add_parser("reset", help="put a subscription to another position")
        resetting.add_argument("name", metavar="NAME")
        resetting.add_argument("--to", type=int, required=True, metavar="POSITION")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, options["action"] or "print_status")(options)
        except (CannotSwitch, NoSubscription, OperationalError, ValueError) as error:
            raise CommandError(f"Nothing was changed. {error}") from error

    def print_status(self, options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(status(), default=str))
            return
        for row in status():
            self.stdout.write(sentence(row))
        for parked in Parked.objects.exclude(trouble="").order_by("position")[:20]:
            self.stdout.write(f"parked by {parked.subscription}: {parked.trouble}")

    def switch(self, options: dict[str, Any]) -> None:
        self.stdout.write("\n".join(switch()) or "The database agrees with the settings already.")

    def retry(self, options: dict[str, Any]) -> None:
        failed = 0
        for name in [options["name"]] if options["name"] else settings.POLICIES:
            for event, trouble in retry(name):
                self.stdout.write(f"{name}: {trouble or f'event {event.id} was heard'}")
                failed += bool(trouble)
        if failed:
            raise CommandError(f"{failed} failed again; later events of their streams wait.")

    def reset(self, options: dict[str, Any]) -> None:
        self.stdout.write(
            f"{options['name']} will hear of the events after position {options['to']}, but of no"
            " earlier one, not even of parked ones. If it is a projection, rebuild it after that."
        )
        if input("Type yes to go on: ") != "yes":
            raise CommandError("Nothing was changed.")
        reset(options["name"], options["to"])
