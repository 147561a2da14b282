"""Lines of the log that have the id of their request: JSON for machines, text for people.

This module needs only the standard library, since gunicorn writes lines before Django is loaded.
"""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

# The environment of the request that this thread handles: its REQUEST_ID is on each line.
current: ContextVar[dict[str, Any]] = ContextVar("current")


# Control characters, and other characters that end a line: a message with them could forge a line.
FORGING = re.compile(r"[^\x20-\x7e\xa0-\u2027\u202a-\U0010ffff]")
# A token or the id of a session. Such text gets here because gunicorn quotes lines of headers that
# it cannot read.
SECRET = re.compile(r"(bearer|sessionid)\W+\S+", re.IGNORECASE)
HIDDEN = r"\1 (not shown)"


class Text(logging.Formatter):
    """A message as exactly one line of text; its traceback follows, if there is one."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        record.message = FORGING.sub(_escaped, record.message)
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        return SECRET.sub(HIDDEN, super().format(record))


class Json(logging.Formatter):
    """A message as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request": current.get({}).get("REQUEST_ID"),
            "message": SECRET.sub(HIDDEN, record.getMessage()),
        }
        if record.exc_info:
            line["exception"] = SECRET.sub(HIDDEN, self.formatException(record.exc_info))
        return json.dumps(line)


def configuration(formatter: type[logging.Formatter], level: str = "INFO") -> dict[str, Any]:
    """The argument for `logging.config.dictConfig`: all loggers write to standard error, in this
    form."""
    line = {"()": formatter, "fmt": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": line},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        # Django and gunicorn give these loggers handlers of their own: each line would come twice.
        "loggers": {
            name: {"handlers": [], "propagate": True} for name in ("django", "gunicorn.error")
        },
        "root": {"handlers": ["console"], "level": level},
    }


def _escaped(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode()
