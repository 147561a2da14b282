"""The ids by which a repeated command is known, and what is acknowledged once more."""

from collections.abc import Iterable
from hashlib import sha1
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from ..eventstore import RecordedEvent, caused_by

# COMMIT waits for standbys only where something was written: this is, and nobody reads it.
WRITTEN = """
    SELECT pg_logical_emit_message(true, 'repeated', '')
    WHERE current_setting('synchronous_standby_names') <> ''
"""


def ids_of(command_id: UUID, numbers: Iterable[int]) -> list[str]:
    """The ids of a command's events, `uuid5(command_id, number)`, as text: in a bulk append Python
    takes longer for so many UUIDs than for the digests in them."""
    digests = (sha1(command_id.bytes + b"%d" % number).hexdigest() for number in numbers)  # noqa: S324
    # The version of a UUID and its variant stand in place of some bits, as RFC 4122 says.
    return [
        f"{d[:8]}-{d[8:12]}-5{d[13:16]}-{'89ab'[int(d[16], 16) % 4]}{d[17:20]}-{d[20:32]}"
        for d in digests
    ]


def recorded_before(command_id: UUID) -> list[RecordedEvent[Any]]:
    """The events that a command recorded before, if any.

    Where a synchronous standby has to have what is acknowledged, it has them when this returns: the
    first answer may have been that it does not. Raises `OperationalError` as that COMMIT did.
    """
    if events := caused_by(command_id):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(WRITTEN)
    return events
