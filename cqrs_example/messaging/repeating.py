"""What was recorded before under a command's id, and is acknowledged once more."""

from typing import Any
from uuid import UUID

from django.db import connection, transaction

from ..eventstore import RecordedEvent, caused_by

# COMMIT waits for standbys only where something was written: this is, and nobody reads it.
WRITTEN = """
    SELECT pg_logical_emit_message(true, 'repeated', '')
    WHERE current_setting('synchronous_standby_names') <> ''
"""


def recorded_before(command_id: UUID) -> list[RecordedEvent[Any]]:
    """The events that a command recorded before, if any.

    Where a synchronous standby has to have what is acknowledged, it has them when this returns: the
    first answer may have been that it does not. Raises `OperationalError` as that COMMIT did.
    """
    if events := caused_by(command_id):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(WRITTEN)
    return events
