from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ...models import Token


class Command(BaseCommand):
    help = "Revoke a token: from now on requests with it get the answer 401."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="name of the token")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        deleted, _ = Token.objects.filter(name=name).delete()
        if not deleted:
            known = ", ".join(Token.objects.values_list("name", flat=True)) or "none"
            raise CommandError(f"There is no token {name!r}; there are: {known}.")
        self.stdout.write(f"The token {name!r} is revoked.")
