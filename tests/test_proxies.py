"""Behind proxies: whom a request is from, who may ask without a name, and what is said about it."""

import json
import re
from collections.abc import Iterator

import pytest
from django.test import RequestFactory

from cqrs_example.access.address import client_address

from .bank.serving import BankServer
from .browsing import Browser
from .conftest import Server, database_url
from .serving import PRODUCTION

pytestmark = pytest.mark.usefixtures("bank")

PROXIES = ["10.0.0.0/8", "192.0.2.1", "2001:db8:ffff::/48"]
LIST, DEPOSIT = "/accounts", "/accounts/abc123/deposit"
CLIENT = "203.0.113.5"


def address(forwarded: str = "", peer: str = "10.0.0.1", name: str = "X-Forwarded-For") -> str:
    headers = {name: forwarded} if forwarded else {}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (CLIENT, CLIENT),
        (f"{CLIENT}:51234", CLIENT),
        (f" {CLIENT} ", CLIENT),
        (f'"{CLIENT}:51234"', CLIENT),
        ("2001:db8::7", "2001:db8::7"),
        ("2001:0DB8:0:0::7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ('"[2001:db8::7]:443"', "2001:db8::7"),
        ("[2001:db8::7%eth0]:443", "2001:db8::7"),
        ("fe80::7%25eth0", "fe80::7"),
        (f"::ffff:{CLIENT}", CLIENT),
        (f"[::ffff:{CLIENT}]:51234", CLIENT),
        ("::ffff:cb00:7105", CLIENT),
        (f"{CLIENT},", CLIENT),
        (f"198.51.100.9, {CLIENT}", CLIENT),  # the first was made up by the client
        (f"198.51.100.9,{CLIENT}:80, 192.0.2.1", CLIENT),  # two proxies, both named
        (f"{CLIENT}, [2001:db8:ffff::1]:80, 10.9.9.9, 192.0.2.1:8080", CLIENT),
        ("10.0.0.7, 10.0.0.8", "10.0.0.7"),  # nobody but ours
        ("unknown", "10.0.0.1"),
        ("_hidden", "10.0.0.1"),
        ("198.51.100.9, unknown, 10.0.0.2", "10.0.0.2"),
        ("nonsense, 1.2.3", "10.0.0.1"),
        (",,", "10.0.0.1"),
    ],
)
def test_address_in_every_form_that_proxies_write(settings, written, read):
    settings.FORWARDED_ALLOW_IPS = PROXIES
    assert address(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (f"for={CLIENT}", CLIENT),
        (f"FOR={CLIENT};proto=https;by=10.0.0.1", CLIENT),
        (f"proto=https; for={CLIENT}", CLIENT),
        ('for="[2001:db8::7]:4711"', "2001:db8::7"),
        (f'for="{CLIENT}:_port"', CLIENT),
        (f"for=198.51.100.9, for={CLIENT}", CLIENT),
        (f'for=198.51.100.9,for={CLIENT};host="a,b;for=1.2.3.4", for=192.0.2.1', CLIENT),
        ("for=198.51.100.9, proto=https", "10.0.0.1"),  # the nearest proxy does not say
        ("for=198.51.100.9, for=_hidden", "10.0.0.1"),
        ("for=unknown", "10.0.0.1"),
        ("nonsense", "10.0.0.1"),
    ],
)
def test_address_in_forwarded(settings, written, read):
    settings.FORWARDED_ALLOW_IPS = PROXIES
    assert address(written, name="Forwarded") == read


def test_a_proxy_that_is_not_named_is_not_believed(settings):
    settings.FORWARDED_ALLOW_IPS = PROXIES
    assert address(CLIENT, peer="198.51.100.1") == "198.51.100.1"
    assert address(f"for={CLIENT}", peer="198.51.100.1", name="Forwarded") == "198.51.100.1"
    assert address(CLIENT, peer="::ffff:10.0.0.1") == CLIENT
    assert address(CLIENT, peer="") == CLIENT


def test_with_a_star_one_proxy_is_passed_by_and_no_more(settings):
    settings.FORWARDED_ALLOW_IPS = ["*"]
    assert address(f"198.51.100.9, {CLIENT}") == CLIENT
    assert address(CLIENT, peer="198.51.100.1") == CLIENT


def test_no_setting_no_proxy(settings):
    del settings.FORWARDED_ALLOW_IPS
    assert address(CLIENT) == "10.0.0.1"


def test_what_forwarded_says_does_not_count_beside_the_header_that_the_proxy_sets(settings):
    settings.FORWARDED_ALLOW_IPS = PROXIES
    headers = {"X-Forwarded-For": CLIENT, "Forwarded": "for=198.51.100.9"}
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers=headers)
    assert client_address(request) == CLIENT


@pytest.fixture(scope="module")
def _https(django_db_setup: None) -> Iterator[Server]:
    named = {"ALLOWED_HOSTS": "shop.example", "HTTPS": "1", "FORWARDED_ALLOW_IPS": "192.0.2.1"}
    server = BankServer({**PRODUCTION, **named, "DATABASE_URL": database_url()})
    yield server
    server.stop()


@pytest.fixture
def https(_https: Server, transactional_db: None) -> Server:
    return _https


def lines_since(server: Server, before: int) -> list[str]:
    """What was logged, but for what a worker says at its start where there is no `staticfiles`."""
    lines = server.log.read_text()[before:].splitlines()
    return [line for line in lines if "No directory at" not in line]


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/healthz/", "/readyz/"])
@pytest.mark.parametrize("host", ["10.1.2.3:8000", "[2001:db8::1]", "_", "a b", "evil.example"])
def test_probes_are_answered_whatever_the_host_and_the_scheme(https, path, host):
    before = len(https.log.read_text())
    answer = https("GET", path, Host=host)
    assert (answer.status, answer.text) == (200, "ok")
    assert re.fullmatch("[0-9a-f-]{36}", answer.headers["X-Correlation-ID"])
    assert lines_since(https, before) == []


def test_another_host_is_answered_nothing_else(https):
    assert https("GET", LIST, Host="10.1.2.3").status == 400


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X_Forwarded_Proto", "https"),
        ("X_Forwarded_Proto", "HTTPS,http"),
        ("X_Forwarded_Ssl", "on"),
        ("Forwarded", "for=1.2.3.4;proto=https"),
    ],
)
def test_who_says_https_and_is_not_named_is_in_the_log(https, header, value):
    before = len(https.log.read_text())
    answer = https("GET", LIST, Host="shop.example", **{header: value})
    assert (answer.status, answer.headers["Location"]) == (301, f"https://shop.example{LIST}")
    [line] = lines_since(https, before)
    said = json.loads(line)["message"]
    assert said.startswith(f"127.0.0.1 says https ({header.replace('_', '-')}), but is not named")


def test_who_says_nothing_is_redirected_without_a_line(https):
    before = len(https.log.read_text())
    assert https("GET", LIST, Host="shop.example").status == 301
    assert lines_since(https, before) == []


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        (
            {"Origin": "https://shop.example"},
            "this form was sent by https://shop.example, which is another",
        ),
        ({"Origin": "null"}, "this form was sent by null, which is another address"),
        ({"Cookie": ""}, "your browser has sent no cookie"),
        ({}, "this form is too old"),
    ],
)
def test_a_form_refused_says_why(server, headers, words):
    server.deposit("abc123", 10)
    browser = Browser(server)
    browser.get(LIST)
    form = "application/x-www-form-urlencoded"
    answer = browser.request("POST", DEPOSIT, "amount=1", Content_Type=form, **headers)
    assert answer.status == 403
    assert f"Nothing was done: {words}" in answer.text
    assert "another" not in words or "reload" not in answer.text


def test_debug_pages_keep_their_style(server):
    """DEBUG=1: Django's own page for what is not there has its style in it."""
    answer = server("GET", "/nothing", Accept="text/html")
    assert answer.status == 404
    assert "<style>" in answer.text
    assert answer.headers["Content-Security-Policy"] is None
    assert server("GET", LIST, Accept="text/html").headers["Content-Security-Policy"]
