"""Commands that were refused or have failed, kept for whoever asks why."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Max, Q
from django.utils import timezone

from ..eventstore.codecs import as_json, recorded_fields
from ..messaging import CommandIdReused, Context, DomainError
from .models import RefusedCommand

TRIMMED_EVERY = 100  # rows
MOST_TRIMMED = 1000  # rows at once: whoever is refused then waits for it
LONGEST = 1000  # characters of a reason
DAY = timedelta(days=1)


@contextmanager
def kept(command: object, context: Context) -> Generator[None, None, None]:
    """For `settings.AROUND_COMMANDS`: what is raised is kept, once all is rolled back.

    Whoever sent the command gets the same answer when that does not work.
    """
    try:
        yield
    except Exception as error:
        # Where the database is away, nobody waits for it a second time.
        if connection.is_usable():
            with suppress(Exception):
                _keep(command, context, error)
        raise


def last_day() -> Mapping[tuple[str, str], int]:
    """How many there were in the last 24 hours, by command and by kind, most first."""
    recent = RefusedCommand.objects.filter(at__gte=timezone.now() - DAY)
    counted = recent.values_list("command", "kind").annotate(many=Count("id")).order_by("-many")
    return {(command, kind): many for command, kind, many in counted}


def _keep(command: object, context: Context, error: Exception) -> None:
    refused = isinstance(error, DomainError | CommandIdReused)
    name, line = type(error).__name__, next(iter(str(error).splitlines()), "")
    reason = str(error) if refused else f"{name}: {line}"
    with transaction.atomic():
        with connection.cursor() as cursor:
            # It may be lost in a crash of the server, and so nobody waits for the disk.
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
    """Delete what is older than `settings.REFUSALS_KEPT_DAYS`, or more than `REFUSALS_KEPT`."""
    newest = RefusedCommand.objects.aggregate(Max("id"))["id__max"] or 0
    many = getattr(settings, "REFUSALS_KEPT", 100_000)
    days = getattr(settings, "REFUSALS_KEPT_DAYS", 30)
    too_old = Q(at__lt=timezone.now() - timedelta(days=days))
    found = RefusedCommand.objects.filter(too_old | Q(id__lte=newest - many)).order_by("id")
    oldest = list(found.values_list("id", flat=True)[:MOST_TRIMMED])
    RefusedCommand.objects.filter(id__in=oldest).delete()


def _storable(text: str) -> str:
    """Without what Postgres cannot hold, which may be why the command has failed."""
    return text.replace("\0", "\\0").encode(errors="backslashreplace").decode()


def _fields(command: Any) -> Any:
    """As they would stand in the log: without what is secret."""
    try:
        fields = recorded_fields(command)
        as_json(fields)
    except Exception:  # what cannot be recorded may be why it has failed
        return {}
    return fields


def listed(q: str, *, backwards: bool, limit: int, **keys: int) -> list[RefusedCommand]:
    """Between two ids, both exclusive; all of them, or those that `q` names: see the page."""
    found = RefusedCommand.objects.filter(_named(q)) if q else RefusedCommand.objects.all()
    sides = {"after": "id__gt", "before": "id__lt"}
    found = found.filter(**{sides[side]: key for side, key in keys.items()})
    return list(found.order_by("-id" if backwards else "id")[:limit])


def _named(q: str) -> Q:
    try:
        return Q(command_id=UUID(q)) | Q(correlation_id=UUID(q))
    except ValueError:
        return Q(command=q) | Q(actor=q) | Q(kind=q)
