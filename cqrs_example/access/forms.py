from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.forms import ValidationError

from .address import client_address

LONGEST = 254  # characters in an account's name, where the model does not say
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


class Login(AuthenticationForm):
    """Django's, but a name too long to be one is refused. Django leaves that to the browser, and
    the table of failed logins would not take it."""

    def clean_username(self) -> Any:
        name, longest = self.cleaned_data["username"], self.username_field.max_length or LONGEST
        if len(name) > longest:
            raise ValidationError(f"The name of an account has {longest} characters at most.")
        return name

    def clean(self) -> Any:
        """One guess at a time, for an account from an address: of many at once, all would be tried
        before the first of them counts."""
        name, failure = str(self.cleaned_data.get("username", "")), None
        cleaned: Any = None
        address = client_address(self.request) if self.request else ""
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(LOCK, [f"login {address} {name}"])
            try:
                cleaned = super().clean()
            except (ValidationError, PermissionDenied) as error:
                failure = error  # raised here, it would roll back that a guess was wrong
        if failure:
            raise failure
        return cleaned


class AdminLogin(Login, AdminAuthenticationForm):
    """The same where only staff may log in."""
