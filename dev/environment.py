"""The environment variables of development."""

import os
import shlex

from dev.connection import connect
from dev.failure import DevError
from dev.places import ROOT


def development_values() -> dict[str, str]:
    """`.env.dev` without DATABASE_URL, which there means docker compose's database."""
    words = shlex.split((ROOT / ".env.dev").read_text(), comments=True)
    values = dict(word.split("=", 1) for word in words if "=" in word)
    return {key: value for key, value in values.items() if key != "DATABASE_URL"}


def reachable_database_url() -> str | None:
    """DATABASE_URL, when it is set; an error when no database answers there."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        return None
    try:
        connect(url).close()
    except DevError as error:
        raise DevError(f"The database of DATABASE_URL cannot be reached: {error}") from None
    return url
