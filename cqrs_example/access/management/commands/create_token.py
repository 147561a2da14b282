from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from ...models import Token
from ...tokens import create_token


class Command(BaseCommand):
    help = "Make a bearer token for a program, and show it once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what the token is called; to revoke it by")
        parser.add_argument(
            "--account",
            help="the account that it acts as; without it, an account of the token's own name,"
            " which is made when there is none, and which nobody can log in to",
        )
        parser.add_argument(
            "--may",
            action="append",
            default=[],
            choices=settings.PERMISSIONS,
            help="give the account this permission; can be said more than once",
        )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        if Token.objects.filter(name=name).exists():
            raise CommandError(f"There is a token {name!r}: revoke it first, or choose a name.")
        account = _existing(options["account"]) if options["account"] else _own(name)
        _require_valid(Token(name=name, account=account))
        wanted = {"content_type__app_label": "access", "codename__in": options["may"]}
        account.user_permissions.add(*Permission.objects.filter(**wanted))
        secret = create_token(name, account)
        self.stderr.write(f"The token {name!r} acts as {account}. It is shown this once:")
        self.stdout.write(secret)


def _existing(username: str) -> User:
    found = User.objects.filter(username=username).first()
    if not found:
        raise CommandError(
            f"There is no account {username!r}: `manage.py createsuperuser` or the"
            " admin makes accounts; without --account the token gets one of its own."
        )
    return found


def _own(name: str) -> User:
    found = User.objects.filter(username=name).first()
    if found and found.has_usable_password():
        raise CommandError(
            f"{name!r} is an account that somebody logs in to:"
            f" say --account {name} if the token is to act as it."
        )
    if found:
        return found
    account = User(username=name)
    account.set_unusable_password()
    _require_valid(account)
    account.save()
    return account


def _require_valid(row: Token | User) -> None:
    try:
        row.clean_fields(exclude=["digest"])
    except ValidationError as error:
        raise CommandError(f"The name cannot be used: {' '.join(error.messages)}") from error
