"""With DEBUG=0 and nothing else said, nobody comes in unknown: the real server, and its log."""

import json
import logging
import os
import socket
import subprocess
import sys
from datetime import timedelta
from uuid import uuid4

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.core.checks import Error, Warning, registry, run_checks
from django.core.management import CommandError, call_command
from django.db.models import F
from django.test import RequestFactory

from cqrs_example.access.address import client_address
from cqrs_example.access.models import Token
from cqrs_example.access.tokens import create_token
from cqrs_example.eventstore import read_all
from cqrs_example.logs import Json, Text
from dev.embedded import base as embedded

from .addresses import addresses
from .bank.serving import BankServer
from .browsing import Browser
from .logging_in import PASSWORD, account, bearer, is_refused, log_in
from .serving import PRODUCTION, ROOT, Answer, Server, database_url
from .test_raw_requests import statuses

pytestmark = pytest.mark.usefixtures("bank")

ACCOUNT = "/accounts/abc123"
COMMANDS = {"deposit": f"{ACCOUNT}/deposit", "withdraw": f"{ACCOUNT}/withdraw"}
OPEN = ["/healthz", "/readyz", "/metrics", "/login", "/logout"]
HTML = {"Accept": "text/html"}


@pytest.fixture
def server(closed_bank: BankServer, transactional_db: None) -> BankServer:
    return closed_bank


def test_every_address_takes_a_login(server, everything):
    before = everything()
    offered = [path.format(account="abc123") for path in addresses() if path not in OPEN]
    assert len(offered) >= 7
    for path in [*offered, "/admin/", "/admin/eventstore/event/"]:
        assert is_refused(server("GET", path), 401, 'Bearer realm="warehouse"', "create_token")
        if path.startswith("/accounts"):  # JSON is a program's, whatever it would like to read
            sent = server.post(path, '{"amount": 1}', **HTML)
            assert is_refused(sent, 401, 'Bearer realm="warehouse"', "Log in")
        answer = server("GET", f"{path}?q=1", **HTML)
        assert (answer.status, answer.headers["Location"]) == (302, f"/login?next={path}%3Fq%3D1")
    assert everything() == before


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/login", "/static/warehouse.css"])
def test_address_open_to_all(server, path):
    assert server("GET", path).status == 200


def test_program_is_never_led_to_a_login_page(server):
    account("staff", is_staff=True)
    clerk = bearer("clerk", "deposit")
    staff = {"Authorization": f"Bearer {create_token('s', User.objects.get(username='staff'))}"}
    for path in ("/admin/", "/admin/eventstore/storedevent/", "/admin/auth/user/"):
        for accept in ({}, {"Accept": "application/json"}, HTML):
            answer = server("GET", path, **clerk, **accept)
            assert is_refused(answer, 403, None, "A token does not open the admin")
        assert is_refused(
            server("GET", path, **staff), 403, None, "A token does not open the admin"
        )


@pytest.mark.slow
def test_program_is_not_led_to_the_admins_login_page_in_open_mode(server):
    opened = BankServer({**server.environment, "OPEN_MODE": "1"})
    try:
        answer = opened("GET", "/admin/", Accept="application/json")
        assert is_refused(answer, 401, 'Bearer realm="warehouse"', "Log in")
        assert opened("GET", "/accounts").status == 200
    finally:
        opened.stop()


@pytest.mark.parametrize("page", ["/login", "/admin/login/"])
@pytest.mark.parametrize("name", ["x" * 151, "x" * 5000, "nul\0in it", "bell\a"])
def test_odd_name_of_an_account(server, page, name):
    answer = log_in(Browser(server), name, page=page)
    assert answer.status == 200
    assert "<form" in answer.text


def test_healthz_does_not_look_who_asks(server):
    for known in ({"Authorization": "Bearer wrong"}, {"Cookie": "sessionid=" + "a" * 32}):
        assert server("GET", "/healthz", **known).status == 200
        assert server("GET", "/readyz", **known).status == 200


def test_form_of_somebody_unknown(server, everything):
    browser, before = Browser(server), everything()
    where = f"http://127.0.0.1:{server.port}{ACCOUNT}"
    form = "application/x-www-form-urlencoded"
    answer = browser.request(
        "POST", COMMANDS["withdraw"], "amount=1", Content_Type=form, Referer=where
    )
    assert answer.status == 302
    page = browser.get(answer.headers["Location"])
    assert page.texts["status"] == "Nothing was done: log in, then send it again."
    assert page.forms["/login"]["next"] == where
    assert everything() == before


@pytest.mark.parametrize("may", ["deposit", "withdraw"])
def test_each_command_takes_a_permission(server, everything, may):
    full = bearer("full", "deposit", "withdraw")
    assert server.deposit("abc123", 10, **full).status == 200
    before = everything()
    [refused] = COMMANDS.keys() - {may}
    some = bearer("some", may)
    answer = server.post(COMMANDS[refused], '{"amount": 1}', **some)
    assert answer.status == 403
    assert answer.text == (
        f"The account some may not {refused}:"
        f" an administrator can give it the permission access.{refused}."
    )
    assert everything() == before
    assert server.post(COMMANDS[may], '{"amount": 1}', **some).status == 200
    assert [event.metadata["actor"] for event in read_all()] == ["full", "some"]


def test_reader_sees_everything_and_changes_nothing(server, everything):
    assert server.deposit("abc123", 10, **bearer("full", "deposit")).status == 200
    account("reader")
    browser, before = Browser(server), everything()
    assert log_in(browser, "reader", next=ACCOUNT).headers["Location"] == ACCOUNT
    assert "reader" in browser.get(ACCOUNT).text
    for path in ("/accounts", "/low_balances", "/openapi.json"):
        assert browser.request("GET", path).status == 200
    for action in COMMANDS.values():
        page = browser.submit(browser.get(ACCOUNT), action, amount="1")
        assert page.status == 403
        assert page.texts["alert"].startswith("The account reader may not ")
    assert browser.request("GET", "/admin/").headers["Location"] == "/admin/login/?next=/admin/"
    assert everything() == before


def test_clerk_withdraws_and_logs_out(server, log):
    account("clerk", "deposit", "withdraw")
    browser = Browser(server)
    assert log_in(browser, "clerk").status == 302
    page = browser.submit(browser.get(ACCOUNT), COMMANDS["deposit"], amount="10")
    assert page.texts["status"] == "Deposited 10 in abc123, 10 there."
    assert [event.metadata["actor"] for event in read_all()] == ["clerk"]
    fields = browser.get(ACCOUNT).forms["/logout"]
    assert browser.send("/logout", fields).status == 302
    assert browser.request("GET", ACCOUNT).headers["Location"] == f"/login?next={ACCOUNT}"


@pytest.mark.parametrize(
    "sent", ["Bearer nonsense", "Bearer ", "bearer \xff", "Bearer " + "a" * 3000]
)
def test_token_not_known(server, everything, sent):
    before = everything()
    for answer in (
        server("GET", ACCOUNT, Authorization=sent),
        server.withdraw("abc123", 1, Authorization=sent),
    ):
        challenge = 'Bearer realm="warehouse", error="invalid_token"'
        assert is_refused(answer, 401, challenge, "This token is unknown")
    assert everything() == before


def test_token_of_another_scheme_is_none(server):
    answer = server("GET", ACCOUNT, Authorization="Basic YTpi")
    assert is_refused(answer, 401, 'Bearer realm="warehouse"', "Log in")


def test_token_is_kept_as_a_digest(server, rows):
    secret = bearer("scanner")["Authorization"].removeprefix("Bearer ")
    [row] = rows("SELECT name, digest FROM access_token")
    assert row[0] == "scanner"
    assert secret not in row[1]


def test_token_stops_with_its_account(server):
    headers = bearer("scanner")
    assert server("GET", "/accounts", **headers).status == 200
    User.objects.filter(username="scanner").update(is_active=False)
    assert server("GET", "/accounts", **headers).status == 401


def test_create_token_use_and_revoke(server, capsys):
    call_command("create_token", "scanner", may=["deposit"])
    secret, sentence = capsys.readouterr()
    assert sentence == "The token 'scanner' acts as scanner, for 365 days. It is shown this once:\n"
    headers = {"Authorization": f"Bearer {secret.strip()}"}
    assert server.deposit("abc123", 5, **headers).status == 200
    assert server.withdraw("abc123", 5, **headers).status == 403
    call_command("revoke_token", "scanner")
    assert server.deposit("abc123", 5, **headers).status == 401
    # A new one of the same name acts as the same account, which keeps its permissions.
    call_command("create_token", "scanner")
    headers = {"Authorization": f"Bearer {capsys.readouterr().out.split()[-1]}"}
    assert server.deposit("abc123", 5, **headers).status == 200
    assert not User.objects.get(username="scanner").has_usable_password()


@pytest.mark.django_db
def test_create_token_refused():
    account("clerk")
    create_token("scanner", User.objects.create_user("scanner"))
    for arguments, sentence in {
        ("scanner",): "There is a token 'scanner': revoke it first, or choose another name.",
        ("clerk",): "'clerk' is the name of an account that somebody logs in to",
        ("a\nb",): "The name cannot be used: Enter a valid username.",
        ("a" * 65,): "The name cannot be used: Ensure this value has at most 64 characters",
        ("",): "The name cannot be used: This field cannot be blank.",
        ("other", "--account", "nobody"): "There is no account 'nobody'",
        ("other", "--may", "fly"): "invalid choice: 'fly'",
    }.items():
        with pytest.raises(CommandError, match=sentence.split("(")[0]):
            call_command("create_token", *arguments)
    with pytest.raises(CommandError, match="There is no token 'x'; there are: scanner"):
        call_command("revoke_token", "x")
    assert list(Token.objects.values_list("name", flat=True)) == ["scanner"]
    assert list(User.objects.values_list("username", flat=True)) == ["clerk", "scanner"]


def test_login_throttled(server):
    for name in ("clerk", "other"):
        account(name, is_staff=True)
    for page in ("/login", "/admin/login/") * 2:
        assert log_in(Browser(server), "clerk", "wrong", page).status == 200
    for password in ("wrong", PASSWORD):
        answer = log_in(Browser(server), "clerk", password)
        assert (answer.status, answer.headers["Retry-After"]) == (429, "900")
        assert "Too many wrong passwords for this account." in answer.text
    assert log_in(Browser(server), "other").status == 302


def test_login_throttled_for_15_minutes_and_no_longer(server):
    account("clerk")
    for password in ["wrong"] * 4:
        assert log_in(Browser(server), "clerk", password).status == 200
    assert log_in(Browser(server), "clerk", "wrong").status == 429
    time_passes(minutes=14)
    assert log_in(Browser(server), "clerk").status == 429
    time_passes(minutes=2)
    assert log_in(Browser(server), "clerk").status == 302


def time_passes(minutes):
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=minutes))


class Forwarded(Browser):
    """Somebody behind a proxy, who claims to be somebody else."""

    def __init__(self, server: Server, address: str) -> None:
        super().__init__(server)
        self.address = address

    def request(self, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
        said = f"192.0.2.99, {self.address}"
        return super().request(method, path, body, X_Forwarded_For=said, **headers)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("proxies", "others"),
    [("*", 302), ("::1, 127.0.0.0/8", 302), ("192.0.2.0/24", 429), ("", 429)],
)
def test_login_throttled_for_the_address_that_the_proxy_says(transactional_db, proxies, others):
    environment = {**PRODUCTION, "FORWARDED_ALLOW_IPS": proxies}
    server = BankServer({**environment, "DATABASE_URL": database_url()})
    account("admin")
    try:
        for _ in range(5):
            log_in(Forwarded(server, "203.0.113.7"), "admin", "wrong")
        assert log_in(Forwarded(server, "203.0.113.7"), "admin").status == 429
        assert log_in(Forwarded(server, "2001:db8::1"), "admin").status == others
        assert log_in(Forwarded(server, "nonsense"), "admin").status == others
    finally:
        server.stop()


def test_address_of_a_client_behind_a_unix_socket():
    request = RequestFactory().get("/", REMOTE_ADDR="", headers={"X-Forwarded-For": "192.0.2.1"})
    assert client_address(request) == "192.0.2.1"


def test_first_admin_is_made_once(server, capsys):
    call_command("create_first_admin")
    said = capsys.readouterr().out
    password = said.split("password ")[1].split(" ")[0]
    browser = Browser(server)
    assert log_in(browser, "admin", password).status == 302
    assert browser.request("GET", "/admin/").status == 200
    call_command("create_first_admin")
    assert capsys.readouterr().out == ""


def test_head_of_what_is_streamed_has_no_body_and_no_warning(server):
    account("boss", is_staff=True, is_superuser=True)
    browser = Browser(server)
    log_in(browser, "boss")
    assert server.deposit("abc123", 10, **bearer("full", "deposit")).status == 200
    said = len(server.log.read_text())
    head = "HEAD /admin/eventstore/storedevent/export/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    head += f"Connection: close\r\nCookie: sessionid={browser.cookies['sessionid']}\r\n\r\n"
    # Until it hangs up: gunicorn writes its line after it has answered.
    assert statuses(server, head.encode()) == [200]
    assert server.log.read_text()[said:] == ""


@pytest.mark.django_db
def test_first_admin_whose_name_is_taken():
    account("admin")
    with pytest.raises(CommandError, match="'admin' is the name of another account"):
        call_command("create_first_admin")


def test_answer_and_events_have_one_id(server, rows):
    headers, key, given = bearer("full", "deposit"), str(uuid4()), str(uuid4())
    for sent, expected in (
        ({}, None),
        ({"Idempotency_Key": key}, key),
        ({"Idempotency_Key": str(uuid4()), "X_Correlation_ID": given}, given),
        ({"X_Correlation_ID": "nonsense"}, None),
    ):
        answer = server.deposit("abc123", 1, **headers, **sent)
        [(recorded,)] = rows(
            "SELECT correlation_id FROM eventstore_event ORDER BY version DESC LIMIT 1"
        )
        assert answer.headers["X-Correlation-ID"] == str(recorded)
        assert expected in (None, str(recorded))


def test_log_is_json_with_the_id_and_without_secrets(server):
    before = len(server.log.read_text())
    headers, given = bearer("full", "deposit", "withdraw"), str(uuid4())
    assert server.deposit("abc123", 5, **headers).status == 200
    assert server.withdraw("abc123", 3, **headers, X_Correlation_ID=given).status == 200
    assert server("GET", "/no%0Awhere", **headers, X_Correlation_ID=given.upper()).status == 404
    log_in(Browser(server), "full", "the wrong password")
    text = server.log.read_text()[before:]
    lines = [json.loads(line) for line in text.splitlines()]
    low, missing = [line for line in lines if line["request"] == given]
    assert low["message"] == "Low balance of abc123! 2 left."
    assert missing["message"] == "Not Found: /no\\nwhere"
    for secret in (headers["Authorization"].split()[1], "the wrong password", PASSWORD):
        assert secret not in text


@pytest.mark.slow
@pytest.mark.parametrize("debug", ["0", "1"])
def test_request_that_gunicorn_cannot_read_shows_no_secret_and_no_other_id(transactional_db, debug):
    server = BankServer({**PRODUCTION, "DEBUG": debug, "DATABASE_URL": database_url()})
    try:
        before = len(server.log.read_text())
        for line in ("Authorization Bearer s3cret", "cookie sessionid=s3cret", "bearer\ts3cret: 1"):
            good = "GET /no HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
                client.sendall(f"{good}\r\n{good}{line}\r\n\r\n".encode())  # both in one thread
                assert client.makefile("rb").read().count(b"HTTP/1.1 4") == 2
    finally:
        server.stop()
    said = server.log.read_text()[before:]
    found = [line for line in said.splitlines() if "Invalid request" in line]
    assert len(found) == said.count("(not shown)") == 3
    assert "s3cret" not in said.lower()
    assert debug == "1" or {json.loads(line)["request"] for line in found} == {None}


def record(message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord("a", 20, "", 0, message, arguments, None)


def test_line_for_people_cannot_be_forged():
    forged = record("one%s", "\n2026 WARNING x\x1b[2J\u2028ü")
    assert Text("%(message)s").format(forged) == "one\\n2026 WARNING x\\x1b[2J\\u2028ü"


@pytest.mark.parametrize("formatter", [Text(), Json()])
def test_traceback_shows_no_token(formatter):
    try:
        raise ValueError("Authorization: Bearer s3cret")
    except ValueError:
        failed = record("What was sent: %s", {"Authorization": "Bearer s3cret"})
        failed.exc_info = sys.exc_info()
    text = formatter.format(failed)
    assert text.count("(not shown)") >= 2
    assert "What was sent" in text
    assert "ValueError" in text
    assert "test_access.py" in text


def start_open(*arguments, **environment):
    """gunicorn in the open mode, as far as it gets: where it is not refused it goes on for ever."""
    return subprocess.run(
        [sys.executable, "-m", "gunicorn", "cqrs_example.wsgi", *arguments],
        cwd=ROOT,
        env={**os.environ, "OPEN_MODE": "1", "DEBUG": "1", **environment},
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "named"),
    [
        ("0.0.0.0:0", "0.0.0.0"),
        ("[::]:0", "::"),
        (":0", "every address"),
        ("192.0.2.1:0", "192.0.2.1"),
        ("example.org:0", "example.org"),
        ("unix:localhost", "socket localhost"),
        ("unix:/nowhere/a.sock", "socket /nowhere/a.sock"),
        ("fd://0", "socket 0"),
    ],
)
def test_open_mode_is_not_served_elsewhere(where, named):
    run = start_open("--bind", where)
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1] == (
        "OPEN_MODE=1 lets everyone do everything, so it is not served on"
        f" {named}: set OPEN_MODE=0, or listen on 127.0.0.1."
    )


@pytest.mark.slow
def test_open_mode_is_not_served_on_sockets_of_systemd():
    run = start_open("--bind", "127.0.0.1:0", LISTEN_FDS="1")
    assert run.returncode == 1
    assert "so it is not served on systemd's sockets" in run.stderr


@pytest.mark.slow
def test_open_mode_is_not_served_with_another_configuration(tmp_path):
    other = tmp_path / "other.py"
    other.touch()
    run = start_open("--config", str(other), "--bind", "127.0.0.1:0")
    assert run.returncode == 3  # "Worker failed to boot."
    assert "so only gunicorn with gunicorn.conf.py and `manage.py runserver` serve it" in run.stderr


@pytest.mark.slow
def test_development_server_does_not_serve_the_open_mode_elsewhere():
    run = subprocess.run(
        [sys.executable, "manage.py", "runserver", "--noreload", "0.0.0.0:0"],
        cwd=ROOT,
        env={**os.environ, "OPEN_MODE": "1"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert run.returncode == 1
    assert "OPEN_MODE=1 lets everyone do everything" in run.stderr


def test_checks_for_production(settings):
    settings.OPEN_MODE, settings.ALLOWED_HOSTS = True, ["*"]
    found = run_checks(include_deployment_checks=True)
    found = [one for one in found if "access" in str(one.id)]
    assert [(type(one), one.id) for one in found] == [
        (Warning, "access.W001"),
        (Warning, "access.W002"),
    ]


def test_embedded_postgres_is_not_for_production(settings):
    assert embedded.check_production() == []
    settings.DATABASES["default"] = {**settings.DATABASES["default"], "ENGINE": "dev.embedded"}
    assert [one.id for one in embedded.check_production()] == ["embedded.W001"]
    assert embedded.check_production in registry.registry.deployment_checks


def test_check_of_permissions(settings):
    settings.PERMISSIONS = {"withdraw": "tests.bank.nowhere.withdraw"}
    [found] = [error for error in run_checks() if error.id == "access.E001"]
    assert isinstance(found, Error)
    assert "settings.PERMISSIONS['withdraw'] = 'tests.bank.nowhere.withdraw'" in found.msg


@pytest.mark.parametrize("forgotten", ["deposit", "withdraw"])
def test_check_of_a_command_that_was_forgotten(settings, forgotten):
    assert [error.id for error in run_checks() if "access" in str(error.id)] == []
    settings.PERMISSIONS = {
        name: path for name, path in settings.PERMISSIONS.items() if name != forgotten
    }
    [found] = [error for error in run_checks() if error.id == "access.E002"]
    assert isinstance(found, Error)
    assert found.msg == f"tests.bank.views.{forgotten} accepts a POST from every account."
