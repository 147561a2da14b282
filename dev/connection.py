"""Connections to a Postgres, of ours or of DATABASE_URL."""

from typing import TYPE_CHECKING

from dev.failure import DevError

if TYPE_CHECKING:
    from psycopg import Connection


def connect(url: str) -> "Connection":
    """A connection in autocommit; DevError with the reason where there is none."""
    import psycopg  # not above: `make clean` works without the environment it removes

    try:
        return psycopg.connect(url, connect_timeout=5, autocommit=True)
    except psycopg.ProgrammingError:  # it quotes the URL, and so the password
        raise DevError("it must look like postgresql://user:password@host:5432/name.") from None
    except psycopg.Error as error:
        raise DevError(" ".join(str(error).split())) from None


def answers(url: str) -> bool:
    try:
        connect(url).close()
    except DevError:
        return False
    return True
