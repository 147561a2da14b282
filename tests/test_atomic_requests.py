"""No view that carries out commands runs in a transaction of the request: the check says so."""

from collections.abc import Iterator
from inspect import unwrap
from typing import Any

import pytest
from django.db import connection
from django.db.transaction import non_atomic_requests
from django.http import HttpRequest, HttpResponse
from django.urls import clear_url_caches, path
from django.views import View

from cqrs_example.http import endpoint
from cqrs_example.messaging import execute
from cqrs_example.messaging.checks import check_atomic_requests


@endpoint("POST")
def by_endpoint(request: HttpRequest) -> HttpResponse:
    return HttpResponse(execute(request, request))  # type: ignore[arg-type]


class ByClass(View):
    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(execute(request, request))  # type: ignore[arg-type]


@endpoint("GET")
def reading(request: HttpRequest) -> HttpResponse:
    return HttpResponse("nothing is carried out")


urlpatterns: list[Any] = []


@pytest.fixture
def named(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The views that the check names, of those that are given."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    settings.ROOT_URLCONF = __name__

    def views_named(*views: Any) -> list[str]:
        urlpatterns[:] = [path(str(n), view) for n, view in enumerate(views)]
        clear_url_caches()
        return [str(warning.msg).split()[0] for warning in check_atomic_requests()]

    yield views_named
    urlpatterns.clear()
    clear_url_caches()


def test_views_that_carry_out_commands(named: Any) -> None:
    expected = [f"{__name__}.by_endpoint", f"{__name__}.ByClass"]
    assert named(by_endpoint, ByClass.as_view(), reading) == expected


def test_not_those_outside_of_the_transaction(named: Any) -> None:
    marked = endpoint("POST")(unwrap(by_endpoint))
    assert named(marked, reading) == [f"{__name__}.by_endpoint"]
    assert named(non_atomic_requests(marked), non_atomic_requests(ByClass.as_view())) == []


def test_not_without_the_setting(named: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", False)
    assert named(by_endpoint) == []
