"""Log lines that say which request they belong to: JSON for machines, text for people.

Only the standard library: gunicorn writes its own lines with it as well, before there is a Django.
"""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

# The environment of the request that this thread is at work on: its REQUEST_ID is on each line.
current: ContextVar[dict[str, Any]] = ContextVar("current")


# All but printable characters: control characters, and what else ends a line.
FORGING = re.compile(r"[^\x20-\x7e\xa0-\u2027\u202a-\U0010ffff]")
# A token or a session: gunicorn quotes header lines that it cannot read.
SECRET = re.compile(r"(bearer|sessionid)\W+\S+", re.IGNORECASE)
HIDDEN = r"\1 (not shown)"


class Text(logging.Formatter):
    """One line for each message, whatever stands in it; the traceback follows, if there is one."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        record.message = FORGING.sub(_escaped, record.message)
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        return SECRET.sub(HIDDEN, super().format(record))


class Json(logging.Formatter):
    """One JSON object in one line."""

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
    """For `logging.config`: every line of every logger, in this form, to standard error."""
    line = {"()": formatter, "fmt": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": line},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        # Django and gunicorn give these handlers of their own: each line would come twice.
        "loggers": {
            name: {"handlers": [], "propagate": True} for name in ("django", "gunicorn.error")
        },
        "root": {"handlers": ["console"], "level": level},
    }


def _escaped(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode()
