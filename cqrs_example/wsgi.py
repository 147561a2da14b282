"""What gunicorn serves."""

import os
import re
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from .access.open_mode import refusal_of_others

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cqrs_example.settings.persisted_sync")
os.environ["WEB_PROCESS"] = "1"  # to the settings: sessions with limits
if sentence := refusal_of_others():
    raise ImproperlyConfigured(sentence)

django = get_wsgi_application()
EXTENDED = re.compile(r"(?<=\w)\*+")


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """Django, with the star taken out of `charset*=…''…` (RFC 8187), which has no meaning in these
    headers: where such a parameter names an encoding that nobody knows, Django answers 500."""
    for header in environ.keys() & {"CONTENT_TYPE", "HTTP_ACCEPT"}:
        environ[header] = EXTENDED.sub("", environ[header])
    return django(environ, start_response)
