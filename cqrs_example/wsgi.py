"""The WSGI application that gunicorn serves."""

import os
import re
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from .access.open_mode import refusal_of_others

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cqrs_example.settings.persisted_sync")
os.environ["WEB_PROCESS"] = "1"  # tells the settings to give sessions their time limits
if sentence := refusal_of_others():
    raise ImproperlyConfigured(sentence)

django = get_wsgi_application()
EXTENDED = re.compile(r"(?<=\w)\*+")


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """Django, for which the star in parameters such as `charset*=…''…` (RFC 8187) is removed.

    The star has no meaning in these headers. With it, Django would answer 500 to an unknown
    encoding.
    """
    for header in environ.keys() & {"CONTENT_TYPE", "HTTP_ACCEPT"}:
        environ[header] = EXTENDED.sub("", environ[header])
    return django(environ, start_response)
