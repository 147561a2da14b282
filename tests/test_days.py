"""Days in addresses, both included."""

from datetime import UTC, date, datetime

import pytest
from django.test import RequestFactory

from cqrs_example.http import BadInput
from cqrs_example.http.days import days_of


def days(**query):
    return days_of(RequestFactory().get("/", query))


def test_days_are_whole_and_in_utc():
    found = days(since="2026-01-31", until="2026-01-31")
    assert found.begin == datetime(2026, 1, 31, tzinfo=UTC)
    assert found.end == datetime(2026, 1, 31, 23, 59, 59, 999999, tzinfo=UTC)


def test_either_may_be_missing():
    assert not days(since="", until=" ")
    assert days(since="2026-01-31") == (date(2026, 1, 31), None)
    assert days(until="9999-12-31").end == datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "31.1.2026",
        "2026-02-30",
        "20260131",
        "2026-W05-6",
        "2026-1-1",
        "\u0662\u0660\u0662\u0666-\u0660\u0661-\u0663\u0661",
        "x",
        "\0",
    ],
)
def test_what_is_no_day_is_refused_by_its_name(text):
    with pytest.raises(BadInput, match="until must be a day such as 2026-01-31, but is '"):
        days(until=text)


def test_days_that_end_before_they_begin():
    with pytest.raises(BadInput, match="end on 2026-01-30, before they begin on 2026-01-31"):
        days(since="2026-01-31", until="2026-01-30")
