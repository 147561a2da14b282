import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ....eventstore.models import StoredEvent
from ...models import Checkpoint, Parked
from ...retrying import reset, retry
from ...status import status
from ...switching import CannotSwitch, switch


class Command(BaseCommand):
    help = "How far subscriptions are; switch entries between transaction and worker; try again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="the status, for programs")
        actions = parser.add_subparsers(dest="action", metavar="ACTION")
        switching = actions.add_parser("switch", help="as SUBSCRIPTIONS says; stop servers first")
        switching.add_argument("--if-empty", action="store_true", help="only on an empty log")
        retrying = actions.add_parser("retry", help="let policies hear of parked events again")
        retrying.add_argument("names", nargs="*", metavar="NAME")
        resetting = actions.add_parser("reset", help="hear from another position on")
        resetting.add_argument("name", metavar="NAME")
        resetting.add_argument("--to", type=int, required=True, metavar="POSITION")
        resetting.add_argument("--no-input", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        actions = {None: self.tell, "switch": self.switch, "retry": self.retry, "reset": self.reset}
        actions[options["action"]](options)

    def tell(self, options: dict[str, Any]) -> None:
        found = status()
        if options["json"]:
            self.stdout.write(json.dumps([asdict(one) for one in found], default=str))
            return
        for one in found:
            self.stdout.write(str(one))
        for parked in Parked.objects.exclude(trouble="").order_by("position")[:20]:
            self.stdout.write(f"  parked: {parked.subscription}, {parked.trouble}")
        if not found:
            self.stdout.write("No subscriptions: the transaction of each command delivers.")

    def switch(self, options: dict[str, Any]) -> None:
        if options["if_empty"] and StoredEvent.objects.exists():
            return
        try:
            done = switch()
        except CannotSwitch as error:
            raise CommandError(str(error)) from error
        for sentence in done or ["Nothing to switch: the database agrees with the settings."]:
            self.stdout.write(sentence)

    def retry(self, options: dict[str, Any]) -> None:
        there = list(Parked.objects.values_list("subscription", flat=True).distinct())
        names, failed, heard = self._known(options["names"], list(settings.POLICIES)), 0, 0
        for name in names or there:
            for event, sentence in retry(name):
                failed += bool(sentence)
                heard += not sentence
                self.stdout.write(f"{name}: {sentence or f'heard of event {event.id}'}")
        self.stdout.write(f"{heard:,} events heard, {Parked.objects.count():,} still parked.")
        if failed:
            raise CommandError(f"{failed} failed again; what comes after them waits.")

    def reset(self, options: dict[str, Any]) -> None:
        names = list(Checkpoint.objects.values_list("name", flat=True))
        [name], position = self._known([options["name"]], names), options["to"]
        told = f"Everything after position {position} will be heard by {name}, and nothing before"
        rows = f" Run `manage.py rebuild {name}` after it." if name in settings.PROJECTIONS else ""
        self.stdout.write(f"{told}, parked events included.{rows}")
        if not options["no_input"] and input("Type yes to go on: ") != "yes":
            raise CommandError("Nothing was changed.")
        try:
            reset(name, position)
        except ValueError as error:
            raise CommandError(str(error)) from error

    def _known(self, names: list[str], there: list[str]) -> list[str]:
        for name in names:
            if name not in there:
                raise CommandError(f"There is no {name}. There are: {', '.join(there) or 'none'}.")
        return names
