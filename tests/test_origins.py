"""What a recorded event tells about its origin: which command, by whom, in which request, when."""

from uuid import UUID, uuid4, uuid5

import pytest

from cqrs_example.eventstore import read_all

pytestmark = pytest.mark.usefixtures("bank")


def test_events_tell_what_caused_them(server):
    key, correlation = uuid4(), uuid4()
    server.deposit("ann", 10)
    server.withdraw("ann", 7, Idempotency_Key=str(key), X_Correlation_ID=str(correlation))
    deposited, withdrawn, warned = read_all()

    assert deposited.correlation_id == deposited.causation_id  # the command's id, made for it
    assert str(deposited.causation_id) == deposited.metadata["command"]["id"]
    assert (withdrawn.correlation_id, withdrawn.causation_id) == (correlation, key)
    assert (warned.correlation_id, warned.causation_id) == (correlation, withdrawn.id)
    assert (withdrawn.id, withdrawn.stream, withdrawn.version) == (
        uuid5(key, "1"),
        "account-ann",
        2,
    )
    assert (withdrawn.type, withdrawn.schema_version) == ("bank.Withdrawn", 2)
    assert (warned.stream, warned.version) == ("warning-ann", 1)
    assert warned.id == uuid5(UUID(warned.metadata["command"]["id"]), "1")


def test_events_tell_the_command_the_actor_and_the_request(server):
    key = uuid4()
    server.deposit("ann", 10)
    server.withdraw("ann", 7, Idempotency_Key=str(key))
    _, withdrawn, warned = read_all()
    request = {"method": "POST", "path": "/accounts/ann/withdraw"}
    assert withdrawn.metadata == {
        "command": {
            "id": str(key),
            "name": "Withdraw",
            "fields": {"account": "ann", "amount": 7},
        },
        "actor": "anonymous",
        "request": request,
    }
    assert warned.metadata == {
        "command": {
            "id": str(uuid5(withdrawn.id, "WarnOfLowBalance")),
            "name": "WarnOfLowBalance",
            "fields": {"account": "ann", "balance": 3},
        },
        "actor": "anonymous",
        "request": request,
    }


def test_events_tell_when_they_were_recorded(server):
    for _ in range(3):
        server.deposit("ann", 10)
    events = list(read_all())
    times = [event.recorded_at for event in events]
    assert times == sorted(times) == [event.occurred_at for event in events]
