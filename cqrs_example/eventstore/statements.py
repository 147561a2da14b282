"""Run statements. With the database backend `cqrs_example.database`, several share a round trip."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

from django.db import connection

Rows = Sequence[Sequence[Any]]
Answer = Callable[[], Rows]  # returns the rows of a statement, or raises its error


def send(sql: str, parameters: Sequence[Any]) -> Rows:
    """Run a statement and return its rows; BEGIN and statements of `later` are sent with it."""
    if ours := getattr(connection, "send", None):
        rows: Rows = ours(sql, parameters)
        return rows
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def later(
    sql: str, parameters: Sequence[Any], answered: Callable[[Answer], object] | None = None
) -> None:
    """Put a statement aside: it is sent with the next statement of the transaction, or with COMMIT.

    Its errors are raised there: by the next statement, or at the end of `atomic()`. `answered`, if
    given, is called there with a function that returns the rows or raises the error. Another
    database backend runs the statement at once.
    """
    answer = partial(send, sql, parameters)
    if ours := getattr(connection, "later", None):
        ours(sql, parameters, answered)
    else:
        answered(answer) if answered else answer()


@contextmanager
def counted() -> Generator[Callable[[], int], None, None]:
    """Count the statements that are run or put aside in a block; yields a function that says how
    many there are by then."""
    ours = cast(Any, connection)
    # Our backend counts itself. With a wrapper around its statements it would put none aside.
    if hasattr(ours, "statements"):
        before: int = ours.statements
        yield lambda: ours.statements - before
        return
    number = 0

    def count(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal number
        number += 1
        return execute(*arguments)

    with connection.execute_wrapper(count):
        yield lambda: number
