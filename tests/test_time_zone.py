"""Times are shown in the chosen zone, with UTC beside; what leaves for programs stays in UTC."""

from datetime import UTC, datetime

import pytest
from django.utils import timezone

from cqrs_example.http.times import MICROSECONDS, when

MOMENT = datetime(2026, 1, 1, 23, 30, 5, 6, tzinfo=UTC)


def shown(moment, zone, *precision):
    with timezone.override(zone):
        html = when(moment, *precision)
    text = html.partition(">")[2].removesuffix("</time>")
    return text.replace("<small>", "|").replace("</small>", "")


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("UTC", "2026-01-01 23:30"),
        ("Europe/Lisbon", "2026-01-01 23:30"),  # the same time there, then
        ("Europe/Berlin", "2026-01-02 00:30| 2026-01-01 23:30 UTC"),
        ("America/New_York", "2026-01-01 18:30| 23:30 UTC"),
        ("Asia/Kathmandu", "2026-01-02 05:15| 2026-01-01 23:30 UTC"),
    ],
)
def test_utc_stands_beside_another_time(zone, text):
    assert shown(MOMENT, timezone.zoneinfo.ZoneInfo(zone)) == text


def test_summer_and_precision():
    zone = timezone.zoneinfo.ZoneInfo("Europe/Berlin")
    assert shown(MOMENT.replace(month=7), zone)[11:16] == "01:30"
    exactly = "2026-01-02 00:30:05.000006| 2026-01-01 23:30:05.000006 UTC"
    assert shown(MOMENT, zone, MICROSECONDS) == exactly


@pytest.mark.parametrize("moment", [datetime.min, datetime.max])
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_first_and_last_moment_of_all(moment, zone):
    moment = moment.replace(tzinfo=UTC)
    assert f"{moment.year:04}-" in shown(moment, timezone.zoneinfo.ZoneInfo(zone))


@pytest.mark.django_db
def test_choosing_a_zone_and_none_again(client):
    page = client.get("/time_zone?next=/healthz", headers={"accept": "text/html"})
    assert b"<option>Europe/Berlin</option>" in page.content
    chosen = client.post("/time_zone", {"time_zone": "Asia/Tokyo", "next": "/event-model"})
    assert (chosen.status_code, chosen["Location"]) == (303, "/event-model")
    cookie = client.cookies["time_zone"]
    assert (cookie.value, cookie["samesite"], cookie["httponly"]) == ("Asia/Tokyo", "Lax", "")
    page = client.get("/time_zone", headers={"accept": "text/html"})
    assert b"<option selected>Asia/Tokyo</option>" in page.content
    assert b'<span class="zone">Asia/Tokyo, with UTC beside</span>' in page.content
    client.post("/time_zone", {"time_zone": ""})
    assert client.cookies["time_zone"].value == ""


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["Europe/Nowhere", "../etc/passwd", "Etc/GMT+5", "x\0"])
def test_a_zone_that_there_is_none(client, zone):
    answer = client.post("/time_zone", {"time_zone": zone}, headers={"accept": "text/html"})
    assert answer.status_code == 422
    assert "There is no time zone" in answer.content.decode()
    client.cookies["time_zone"] = zone.strip("\0")
    page = client.get("/time_zone", headers={"accept": "text/html"})
    assert b'<span class="zone">UTC</span>' in page.content


@pytest.mark.django_db
def test_nobody_is_led_elsewhere(client):
    chosen = client.post("/time_zone", {"time_zone": "UTC", "next": "https://example.org/"})
    assert chosen["Location"] == "/"
