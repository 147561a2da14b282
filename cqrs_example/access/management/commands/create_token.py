from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from ...configuration import setting
from ...models import DAYS, Token
from ...tokens import create_token

MOST_DAYS = 3650


class Command(BaseCommand):
    help = "Make a bearer token for a program, and show it once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="name of the token, with which it can be revoked")
        parser.add_argument(
            "--account",
            help="the account that the program acts as; by default the account with the token's"
            " name, which cannot log in, and which this command makes if it is missing",
        )
        parser.add_argument(
            "--may",
            action="append",
            default=[],
            choices=setting("PERMISSIONS"),
            help="give the account this permission; may be repeated",
        )

        parser.add_argument(
            "--days", type=int, default=DAYS, help=f"how long the token is valid (default: {DAYS})"
        )

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"]
        if not 1 <= options["days"] <= MOST_DAYS:
            raise CommandError(f"A token is valid for 1 to {MOST_DAYS:,} days.")
        if Token.objects.filter(name=name).exists():
            raise CommandError(
                f"There is a token {name!r}: revoke it first, or choose another name."
            )
        account = _existing(options["account"]) if options["account"] else _own(name)
        _require_valid(Token(name=name, account=account))
        wanted = {"content_type__app_label": "access", "codename__in": options["may"]}
        if options["may"]:
            account.user_permissions.add(*Permission.objects.filter(**wanted))
        secret = create_token(name, account, options["days"])
        self.stderr.write(
            f"The token {name!r} acts as {account}, for {options['days']} days."
            " It is shown this once:"
        )
        self.stdout.write(secret)


def _existing(username: str) -> Any:
    account = _named(username)
    if not account:
        raise CommandError(
            f"There is no account {username!r}: `manage.py createsuperuser` or the"
            " admin makes accounts; without --account the token gets an account of its own."
        )
    return account


def _named(name: str) -> Any:
    model: Any = get_user_model()
    return model._default_manager.filter(**{model.USERNAME_FIELD: name}).first()


def _own(name: str) -> Any:
    existing = _named(name)
    if existing and existing.has_usable_password():
        raise CommandError(
            f"{name!r} is the name of an account that somebody logs in to:"
            f" add --account {name} if the token shall act as this account."
        )
    if existing:
        return existing
    model: Any = get_user_model()
    account = model(**{model.USERNAME_FIELD: name})
    account.set_unusable_password()
    _require_valid(account)
    account.save()
    return account


def _require_valid(row: Any) -> None:
    try:
        row.clean_fields(exclude=["digest"])
    except ValidationError as error:
        raise CommandError(f"The name cannot be used: {' '.join(error.messages)}") from error
