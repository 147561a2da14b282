"""A handler may record nothing: programs and people are answered, the first time and again."""

from dataclasses import dataclass
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.urls import path

from cqrs_example.eventstore import RecordedEvent, read_all
from cqrs_example.http import context, done, endpoint
from cqrs_example.messaging import Transaction, execute

from .listeners import Reacted


@dataclass(frozen=True)
class SetLamp:
    on: bool


def handle(tx: Transaction, command: SetLamp) -> list[RecordedEvent[Reacted]]:
    return []  # it is so already


@endpoint("POST")
def set_lamp(request):
    events = execute(handle, SetLamp(True), context(request))
    return done(request, events, lambda event: f"Told {event}.")


urlpatterns = [path("", set_lamp, name="home")]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]


def test_program(client):
    key = str(uuid4())
    for _ in range(2):
        answer = client.post(
            "/", {}, content_type="application/json", headers={"idempotency-key": key}
        )
        assert (answer.status_code, answer.content) == (200, b"")
    assert list(read_all()) == []


def test_person(client):
    key = str(uuid4())
    for _ in range(2):
        answer = client.post("/", {"command_id": key}, headers={"accept": "text/html"})
        assert (answer.status_code, answer["Location"]) == (303, "/")
        *_, message = get_messages(answer.wsgi_request)
        assert str(message) == "Nothing had to be done: it is so already."
