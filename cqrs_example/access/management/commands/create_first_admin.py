import secrets
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Make an administrator with a random password when there is none, and show it once."

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.filter(is_superuser=True).exists():
            return
        if User.objects.filter(username="admin").exists():
            raise CommandError(
                "There is no administrator, and the account 'admin' is none:"
                " `manage.py createsuperuser` makes one of another name."
            )
        password = secrets.token_urlsafe(12)
        User.objects.create_superuser("admin", password=password)
        self.stdout.write(f"For /admin/: account admin, password {password} (shown this once).")
