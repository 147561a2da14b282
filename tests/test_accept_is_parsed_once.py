"""Each value of Accept is parsed once; what is remembered is the same as what is parsed."""

import pytest
from django.test import RequestFactory

from cqrs_example.http import wants_html
from cqrs_example.http.accept import _preferred_type, preferred_type


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("text/html", "text/html"),
        ("text/html;q=0.5, application/json", "application/json"),
        ("text/html, application/json;q=0.5", "text/html"),
        ("text/html; charset=utf-8", "text/html; charset=utf-8"),
        ("image/png", None),
        ("", None),
    ],
)
def test_accept_is_told_apart_by_its_value(accept, chosen):
    for _ in range(2):  # the second time from what is remembered
        headers = {} if accept is None else {"accept": accept}
        request = RequestFactory().get("/", headers=headers)
        assert preferred_type(request) == chosen
        assert wants_html(request) == (chosen or "").startswith("text/html")


def test_any_number_of_accept_headers_takes_little_memory():
    for number in range(1000):
        preferred_type(RequestFactory().get("/", headers={"accept": f"text/x{number}"}))
    assert _preferred_type.cache_info().currsize < 1000
