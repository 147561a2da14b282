from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.forms import ValidationError

LONGEST = 150  # characters in a user name


class Login(AuthenticationForm):
    """Django's, but a name too long to be one is refused. Django leaves that to the browser, and
    the table of failed logins would not take it."""

    def clean_username(self) -> Any:
        name = self.cleaned_data["username"]
        if len(name) > LONGEST:
            raise ValidationError(f"The name of an account has {LONGEST} characters at most.")
        return name


class AdminLogin(Login, AdminAuthenticationForm):
    """The same where only staff may log in."""
