"""Repeated commands: the ids of their events collide, and the answer is read from the log."""

from collections.abc import Iterable
from hashlib import sha1
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from ..eventstore import RecordedEvent, caused_by

# A COMMIT waits for synchronous standbys only if its transaction has written something. This
# statement writes a message that nobody reads.
WRITTEN = """
    SELECT pg_logical_emit_message(true, 'repeated', '')
    WHERE current_setting('synchronous_standby_names') <> ''
"""


def ids_of(command_id: UUID, numbers: Iterable[int]) -> list[str]:
    """The ids of a command's events: `uuid5(command_id, number)`, as text.

    They are put together by hand, since a bulk append spends more time in Python's `UUID` class
    than on the digests.
    """
    digests = (sha1(command_id.bytes + b"%d" % number).hexdigest() for number in numbers)  # noqa: S324
    # A UUID has its version and its variant in place of six of the digest's bits (RFC 4122, 4.3).
    return [
        f"{d[:8]}-{d[8:12]}-5{d[13:16]}-{'89ab'[int(d[16], 16) % 4]}{d[17:20]}-{d[20:32]}"
        for d in digests
    ]


def recorded_before(command_id: UUID) -> list[RecordedEvent[Any]]:
    """The events that a command recorded earlier, if any.

    The caller acknowledges them, so synchronous standbys must have them. The COMMIT that wrote them
    may have failed because a standby was away. So this waits for the standbys once more, and raises
    `OperationalError` as that COMMIT did.
    """
    if events := caused_by(command_id):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(WRITTEN)
    return events
