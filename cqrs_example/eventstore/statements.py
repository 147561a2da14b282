"""Statements that write. With `cqrs_example.database` as the backend some travel together."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

from django.db import connection

Rows = Sequence[Sequence[Any]]
Answer = Callable[[], Rows]  # returns the rows, or raises what the database said


def send(sql: str, parameters: Sequence[Any]) -> Rows:
    """Run a statement and return its rows; BEGIN and what was put aside travel with it."""
    if ours := getattr(connection, "send", None):
        rows: Rows = ours(sql, parameters)
        return rows
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def later(
    sql: str, parameters: Sequence[Any], answered: Callable[[Answer], object] | None = None
) -> None:
    """Put a statement aside: it travels with the transaction's next one, or with COMMIT; at once,
    where the database backend is not ours.

    What the database says against it is raised there as well: by the next statement, or at the end
    of `atomic()`. `answered`, if given, is called there with its answer.
    """
    answer = partial(send, sql, parameters)
    if ours := getattr(connection, "later", None):
        ours(sql, parameters, answered)
    else:
        answered(answer) if answered else answer()


@contextmanager
def counted() -> Generator[Callable[[], int], None, None]:
    """Count the statements that are run or put aside within: call what is yielded."""
    ours = cast(Any, connection)
    if hasattr(ours, "statements"):  # ours counts; a wrapper would have it put nothing aside
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
