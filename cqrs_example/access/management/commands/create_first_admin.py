import secrets
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "If there is no administrator, make one with a random password, and print it once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", default="admin", help="name of the account (admin)")

    def handle(self, *args: Any, **options: Any) -> None:
        model: Any = get_user_model()
        accounts, name = model._default_manager, options["name"]
        if accounts.filter(is_superuser=True).exists():
            return
        if accounts.filter(**{model.USERNAME_FIELD: name}).exists():
            raise CommandError(
                f"There is no administrator, and {name!r} is the name of another account:"
                " `manage.py createsuperuser` makes an administrator with another name."
            )
        if required := set(model.REQUIRED_FIELDS) - {"email"}:
            raise CommandError(
                f"An account needs {', '.join(sorted(required))} as well:"
                " `manage.py createsuperuser` asks for it."
            )
        password = secrets.token_urlsafe(12)
        accounts.create_superuser(**{model.USERNAME_FIELD: name}, password=password)
        self.stdout.write(f"For /admin/: account {name}, password {password} (shown this once).")
