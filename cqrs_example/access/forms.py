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
    """Django's form to log in, which also refuses names that are too long.

    Django leaves that to the browser. A longer name would not fit the table of failed logins.
    """

    def clean_username(self) -> Any:
        name, longest = self.cleaned_data["username"], self.username_field.max_length or LONGEST
        if len(name) > longest:
            raise ValidationError(f"The name of an account has {longest} characters at most.")
        return name

    def clean(self) -> Any:
        """Check the password, one attempt at a time for an account from an address.

        Of many attempts at the same moment all would be checked before the first one is counted as
        failed.
        """
        name, failure = str(self.cleaned_data.get("username", "")), None
        cleaned: Any = None
        address = client_address(self.request) if self.request else ""
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(LOCK, [f"login {address} {name}"])
            try:
                cleaned = super().clean()
            except (ValidationError, PermissionDenied) as error:
                failure = error  # raised here, it would roll back the count of failed attempts
        if failure:
            raise failure
        return cleaned


class AdminLogin(Login, AdminAuthenticationForm):
    """As `Login`, for the admin, which only staff may enter."""
