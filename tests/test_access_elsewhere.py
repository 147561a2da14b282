"""Access in other projects: their user model, their views, settings that they do not have."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import path
from django.utils.timezone import now
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from cqrs_example.access.middleware import Access
from cqrs_example.access.models import Token
from cqrs_example.access.tokens import account_of, create_token

from .bank.serving import BankServer
from .browsing import Browser
from .databases import libpq_environment, own_database, url
from .logging_in import account

ROOT = Path(__file__).parent.parent


@pytest.fixture
def server(closed_bank: BankServer, bank: None, transactional_db: None) -> BankServer:
    return closed_bank


class Things(View):
    def get(self, request):
        return HttpResponse()

    def delete(self, request):
        return HttpResponse(status=204)

    patch = delete


class Reading(View):
    def get(self, request):
        return HttpResponse()


def as_rest_framework(cls, **actions):
    """What `as_view` of Django REST framework makes: exempt from the login, and from CSRF."""
    view = csrf_exempt(lambda request: HttpResponse())
    view.cls, view.login_required = cls, False
    if actions:
        view.actions = actions
    return view


@login_not_required
def anything(request):
    return HttpResponse()


urlpatterns = [
    path("things", as_rest_framework(Things)),
    path("viewset", as_rest_framework(Things, get="list", put="update")),
    path("reading", as_rest_framework(Reading)),
    path("open", login_not_required(Things.as_view())),
    path("closed", Things.as_view()),
    path("anything", anything),
]


@pytest.mark.urls(__name__)
def test_check_names_every_view_that_changes_something_for_everyone(settings):
    settings.PERMISSIONS, settings.OPEN_VIEWS = {}, []
    settings.LOGIN_URL = "https://login.example/?of=shop"
    found = [one.msg for one in run_checks() if one.id == "access.E004"]
    assert found == [
        f"{__name__}.Things accepts DELETE, PATCH without a login.",
        f"{__name__}.Things accepts PUT without a login.",
        f"{__name__}.Things accepts DELETE, PATCH without a login.",
        f"{__name__}.anything accepts DELETE, PATCH, POST, PUT without a login.",
    ]
    settings.OPEN_VIEWS = [f"{__name__}.Things", f"{__name__}.anything"]
    assert [one.id for one in run_checks() if "access" in str(one.id)] == []


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PERMISSIONS", ["a"], "settings.PERMISSIONS = ['a']: it must be a dict."),
        ("OPEN_MODE", "0", "settings.OPEN_MODE = '0': it must be a bool."),
        ("OPEN_VIEWS", "x.y", "settings.OPEN_VIEWS = 'x.y': it must be a list."),
        ("FORWARDED_ALLOW_IPS", "*", "settings.FORWARDED_ALLOW_IPS = '*': it must be a list."),
        ("FORWARDED_ALLOW_IPS", ["nginx"], "has 'nginx', which is no address, no network and"),
        ("FORWARDED_ALLOW_IPS", ["10.0.0.0/33"], "has '10.0.0.0/33', which is no address"),
    ],
)
def test_check_of_a_setting_that_is_wrong(settings, name, value, sentence):
    setattr(settings, name, value)
    [found] = [one for one in run_checks() if one.id == "access.E003"]
    assert sentence in found.msg


def test_settings_that_are_missing_have_a_default(settings):
    for name in ("PERMISSIONS", "OPEN_MODE", "OPEN_VIEWS", "FORWARDED_ALLOW_IPS", "ACCESS_REALM"):
        delattr(settings, name)
    found = {one.id for one in run_checks() if "access" in str(one.id)}
    assert found == {"access.E002", "access.E004"}  # the commands' views, and the probes
    request = RequestFactory().get("/", headers={"accept": "text/plain"})
    request.user = type("Nobody", (), {"is_authenticated": False})()
    refused = Access(lambda request: HttpResponse()).process_view(request, anything_closed, (), {})
    assert (refused.status_code, refused["WWW-Authenticate"]) == (401, 'Bearer realm="api"')


def anything_closed(request):
    return HttpResponse()


@pytest.mark.parametrize(
    ("meta", "is_open"),
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, True),
        ({"REMOTE_ADDR": "::1"}, True),
        ({"REMOTE_ADDR": "::ffff:127.0.0.1"}, True),
        ({"REMOTE_ADDR": "192.0.2.7"}, False),
        ({"REMOTE_ADDR": "2001:db8::1"}, False),
        ({"REMOTE_ADDR": ""}, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"}, False),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=1.2.3.4"}, False),
    ],
)
def test_open_mode_is_open_to_this_machine_only_whatever_serves_it(settings, meta, is_open):
    settings.OPEN_MODE = True
    request = RequestFactory().get("/", HTTP_ACCEPT="application/json", **meta)
    request.user = type("Nobody", (), {"is_authenticated": False})()
    refused = Access(lambda request: HttpResponse()).process_view(request, anything_closed, (), {})
    assert (refused is None) == is_open


@pytest.mark.slow
def test_open_mode_as_a_setting_is_not_served_elsewhere(tmp_path):
    (tmp_path / "opened.py").write_text(
        "from cqrs_example.settings.persisted_sync import *\nOPEN_MODE = True\n"
    )
    run = subprocess.run(
        [sys.executable, "manage.py", "runserver", "--noreload", "0.0.0.0:0"],
        cwd=ROOT,
        env={
            **os.environ,
            "OPEN_MODE": "0",
            "DEBUG": "1",
            "PYTHONPATH": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "opened",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 1
    assert "OPEN_MODE=1 lets everyone do everything" in run.stderr


@pytest.mark.django_db
def test_token_expires():
    user = User.objects.create_user("scanner")
    secret = create_token("scanner", user, days=7)
    assert account_of(secret) == user
    Token.objects.update(expires_at=now() - timedelta(seconds=1))
    assert account_of(secret) is None
    year = Token.objects.create(name="other", account=user, digest="x").expires_at - now()
    assert timedelta(days=364) < year <= timedelta(days=365)


@pytest.mark.django_db
@pytest.mark.parametrize("days", ["0", "-1", "4000"])
def test_token_for_an_odd_time(days):
    with pytest.raises(CommandError, match=r"A token is valid for 1 to 3,650 days\."):
        call_command("create_token", "scanner", days=int(days))
    assert not Token.objects.exists()


def test_token_of_a_superuser_does_not_open_the_admin(server):
    boss = account("boss", is_staff=True, is_superuser=True)
    headers = {"Authorization": f"Bearer {create_token('boss', boss)}"}
    assert server("GET", "/accounts", **headers).status == 200
    for page in ("/admin/", "/admin/auth/user/", "/admin/eventstore/storedevent/export/"):
        answer = server("GET", page, **headers)
        assert (answer.status, "A token does not open the admin" in answer.text) == (403, True)


@pytest.mark.parametrize("page", ["/login", "/admin/login/"])
def test_guesses_at_once_count_one_by_one(server, page):
    account("clerk", is_staff=True)
    browsers = [Browser(server) for _ in range(16)]
    together = Barrier(len(browsers))

    def guess(browser):
        token = browser.get("/login").forms["/login"]["csrfmiddlewaretoken"]
        typed = {"username": "clerk", "password": "wrong", "csrfmiddlewaretoken": token}
        together.wait()
        return browser.send(page, typed).status

    with ThreadPoolExecutor(len(browsers)) as pool:
        statuses = list(pool.map(guess, browsers))
    assert statuses.count(200) == 4  # the fifth is told that it was the last
    assert set(statuses) <= {200, 429}
    assert sum(AccessAttempt.objects.values_list("failures_since_start", flat=True)) == 5


OWN_USER = """
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models

class Accounts(BaseUserManager):
    def create_superuser(self, email, password):
        user = self.model(email=email, is_staff=True, is_superuser=True)
        user.set_password(password)
        user.save()
        return user

class Account(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(max_length=100, unique=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    USERNAME_FIELD = "email"
    objects = Accounts()
"""
OWN_SETTINGS = """
from tests.bank.settings import *
INSTALLED_APPS = ["accounts", *INSTALLED_APPS]
AUTH_USER_MODEL = "accounts.Account"
"""


@pytest.mark.slow
def test_project_with_its_own_user_model(tmp_path, django_db_setup):
    (tmp_path / "accounts").mkdir()
    (tmp_path / "accounts/__init__.py").touch()
    (tmp_path / "accounts/models.py").write_text(OWN_USER)
    (tmp_path / "own.py").write_text(OWN_SETTINGS)
    with own_database() as name:
        environment = {
            **libpq_environment(),
            "PYTHONPATH": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "own",
            "DATABASE_URL": url(name),
            "DEBUG": "1",
        }

        def manage(*arguments):
            run = subprocess.run(
                [sys.executable, "manage.py", *arguments],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
            )
            assert "Traceback" not in run.stderr, run.stderr
            return run

        assert manage("makemigrations", "accounts").returncode == 0
        assert manage("migrate").returncode == 0
        first = manage("create_first_admin", "--name", "boss@example.org")
        assert "account boss@example.org, password " in first.stdout
        assert manage("create_first_admin").stdout == ""
        made = manage("create_token", "t@example.org", "--may", "withdraw", "--days", "3")
        assert "acts as t@example.org, for 3 days" in made.stderr
        assert (
            "boss@example.org"
            in manage("create_token", "other", "--account", "boss@example.org").stderr
        )
        assert (
            "There is no account 'nobody'"
            in manage("create_token", "x", "--account", "nobody").stderr
        )
        shell = (
            "from cqrs_example.access.tokens import account_of; import json, sys;"
            f"account = account_of('{made.stdout.strip()}');"
            "print(json.dumps([account.email, account.has_perm('access.withdraw')]))"
        )
        assert json.loads(manage("shell", "-v", "0", "-c", shell).stdout) == ["t@example.org", True]
