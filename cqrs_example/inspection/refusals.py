"""Keep commands that were refused or that failed, so that people can find out why."""

from collections.abc import Generator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Max, Q
from django.utils import timezone

from ..eventstore.codecs import as_json, recorded_fields
from ..messaging import CommandIdReused, Context, DomainError
from ..messaging.observing import observing
from .models import RefusedCommand

TRIMMED_EVERY = 100  # rows
MOST_TRIMMED = 1000  # rows at once, since the sender of a command waits for it
LONGEST = 1000  # characters of a reason
DAY = timedelta(days=1)


@observing
def kept(command: object, context: Context) -> Generator[None, None, None]:
    """A context manager for `settings.AROUND_COMMANDS`, which keeps a command that raises an error.

    It writes the row after the rollback. If that fails, the sender of the command gets the same
    answer as without it.
    """
    try:
        yield
    except Exception as error:
        # If the database is away, the sender does not have to wait for it a second time.
        if connection.is_usable():
            _keep(command, context, error)
        raise


def last_day() -> Mapping[tuple[str, str], int]:
    """How many commands of each name and kind were kept in the last 24 hours, the most first."""
    recent = RefusedCommand.objects.filter(at__gte=timezone.now() - DAY)
    counts = recent.values_list("command", "kind").annotate(count=Count("id")).order_by("-count")
    return {(command, kind): count for command, kind, count in counts}


def _keep(command: object, context: Context, error: Exception) -> None:
    refused = isinstance(error, DomainError | CommandIdReused)
    name, line = type(error).__name__, next(iter(str(error).splitlines()), "")
    reason = str(error) if refused else f"{name}: {line}"
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Nobody waits for the disk. If a crash of the server loses this row, it does no harm.
            cursor.execute("SET LOCAL synchronous_commit = off")
        row = RefusedCommand.objects.create(
            at=timezone.now(),
            kind="refused" if refused else "failed",
            command=type(command).__name__,
            fields=_fields(command),
            reason=_storable(reason[:LONGEST]),
            actor=_storable(context.actor),
            command_id=context.command_id,
            correlation_id=context.correlation_id or context.command_id,
        )
        if row.pk % TRIMMED_EVERY == 0:
            trim()


def trim() -> None:
    """Delete rows older than `settings.REFUSALS_KEPT_DAYS`, and all but the newest `REFUSALS_KEPT`.

    It deletes up to `MOST_TRIMMED` rows.
    """
    newest = RefusedCommand.objects.aggregate(Max("id"))["id__max"] or 0
    most = getattr(settings, "REFUSALS_KEPT", 100_000)
    days = getattr(settings, "REFUSALS_KEPT_DAYS", 30)
    too_old = Q(at__lt=timezone.now() - timedelta(days=days))
    rows = RefusedCommand.objects.filter(too_old | Q(id__lte=newest - most)).order_by("id")
    oldest = list(rows.values_list("id", flat=True)[:MOST_TRIMMED])
    RefusedCommand.objects.filter(id__in=oldest).delete()


def _storable(text: str) -> str:
    """The text with escapes for characters that Postgres cannot hold: the command may have failed
    because of them."""
    return text.replace("\0", "\\0").encode(errors="backslashreplace").decode()


def _fields(command: Any) -> Any:
    """The fields of a command as the log would have them, without secrets."""
    try:
        fields = recorded_fields(command)
        as_json(fields)
    except Exception:  # the command may have failed because its fields cannot be recorded
        return {}
    return fields


def listed(q: str, *, backwards: bool, limit: int, **keys: int) -> list[RefusedCommand]:
    """The rows between two ids, both exclusive: `fetch` of `paged`.

    If there is a `q`, it is their command's name, actor, kind, command id or correlation id.
    """
    rows = RefusedCommand.objects.filter(_named(q)) if q else RefusedCommand.objects.all()
    sides = {"after": "id__gt", "before": "id__lt"}
    rows = rows.filter(**{sides[side]: key for side, key in keys.items()})
    return list(rows.order_by("-id" if backwards else "id")[:limit])


def _named(q: str) -> Q:
    try:
        return Q(command_id=UUID(q)) | Q(correlation_id=UUID(q))
    except ValueError:
        return Q(command=q) | Q(actor=q) | Q(kind=q)
