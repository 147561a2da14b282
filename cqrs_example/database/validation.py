"""`manage.py check --database default` says what this backend lacks."""

from typing import Any

from django.core.checks import CheckMessage, Error
from django.db.backends.base.validation import BaseDatabaseValidation


class DatabaseValidation(BaseDatabaseValidation):
    """The check of the option without which types of parameters would differ."""

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        options = self.connection.settings_dict["OPTIONS"]
        if options.get("server_side_binding"):
            return []
        sentence = (
            f"settings.DATABASES[{self.connection.alias!r}] lacks OPTIONS['server_side_binding'] ="
            " True: without it, cursors and `send` would give parameters different types."
        )
        return [Error(sentence, id="database.E001")]
