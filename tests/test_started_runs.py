"""Rebuilds and verifications that are started from the admin, in processes of their own."""

import re
import subprocess
import time
from datetime import timedelta

import psycopg
import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cqrs_example.messaging import execute
from cqrs_example.projections import started
from cqrs_example.projections.models import Run

from .bank.commands import Deposit, deposit
from .bank.models import Account
from .databases import url
from .managing import environment
from .racing import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("bank")]

RUNS = "/admin/projections/run/"
LOCK = "SELECT pg_advisory_lock(hashtext('projection run'), %s)"


@pytest.fixture
def engineer(client):
    user = User.objects.create_user("eve", is_staff=True)
    codenames = ("view_run", "start_run", "view_storedevent")
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(user)
    return client


@pytest.fixture
def processes(monkeypatch):
    """Those that are started work on the test database, and end with the test."""
    begun = []
    popen = subprocess.Popen

    def kept(*arguments, **options):
        begun.append(popen(*arguments, **options))
        return begun[-1]

    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(started.subprocess, "Popen", kept)
    yield begun
    for process in begun:
        process.kill()
        process.wait(timeout=30)


@pytest.fixture
def other():
    with psycopg.connect(url(connection.settings_dict["NAME"]), autocommit=True) as session:
        yield session


def run_of(action, **columns):
    at = timezone.now()
    columns = {"projection": "accounts", "started_at": at, "started_by": "ann"} | columns
    return Run.objects.create(action=action, **columns)


def text(client, path, status=200):
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def test_rebuild_is_started_and_its_page_tells_how_it_ended(engineer, processes):
    execute(deposit, Deposit("a", 10))
    Account.objects.update(amount=77)
    assert 'value="rebuild accounts"' in text(engineer, RUNS)
    answer = engineer.post(RUNS, {"run": "rebuild accounts"})
    run = Run.objects.get()
    assert (answer.status_code, answer["Location"]) == (303, f"{RUNS}{run.pk}/change/")
    [process] = processes
    assert process.wait(timeout=60) == 0
    page = engineer.get(answer["Location"])
    assert "Refresh" not in page.headers
    assert "rebuilt from the log: 1 row changed" in page.content.decode()
    run.refresh_from_db()
    assert (run.succeeded, run.started_by) == (True, "eve")
    assert Account.objects.get().amount == 10
    overview = text(engineer, "/admin/eventstore/storedevent/overview/")
    assert f'href="{RUNS}{run.pk}/change/"' in overview


def test_process_that_is_killed_is_shown_as_such_and_another_may_begin(engineer, processes, other):
    with other.transaction():
        other.execute(f"LOCK TABLE {Account._meta.db_table} IN ACCESS EXCLUSIVE MODE")
        engineer.post(RUNS, {"run": "verify accounts"})
        run = Run.objects.get()
        until(lambda: Run.objects.get().progress)
        page = engineer.get(f"{RUNS}{run.pk}/change/")
        assert "at work" in page.content.decode()
        assert page["Refresh"] == "5"
        assert "A verify of accounts is at work" in text_of_post(engineer, "rebuild accounts", 409)
        processes[0].kill()
        processes[0].wait(timeout=30)
        until(lambda: not started.at_work([Run.objects.get()]))  # the server notices it
        page = engineer.get(f"{RUNS}{run.pk}/change/")
        assert "its process was killed" in page.content.decode()
        assert "Refresh" not in page.headers
    assert engineer.post(RUNS, {"run": "verify accounts"}).status_code == 303
    assert processes[1].wait(timeout=60) == 0
    killed, second = Run.objects.order_by("pk")
    assert killed.result.startswith(started.KILLED)
    assert second.succeeded


def text_of_post(client, run, status):
    answer = client.post(RUNS, {"run": run})
    assert answer.status_code == status
    return answer.content.decode()


def test_who_has_no_lock_was_killed_once_it_had_time_to_begin(other):
    young = run_of("verify")
    old = run_of(
        "verify", projection="low_balances", started_at=timezone.now() - timedelta(hours=1)
    )
    begun = run_of("verify", projection="", progress=started.BEGUN)
    assert started.at_work([young, old, begun]) == {young.pk}
    other.execute(LOCK, [old.pk])
    other.execute(LOCK, [begun.pk])
    assert started.at_work([young, old, begun]) == {young.pk, old.pk, begun.pk}


def test_progress_is_in_the_row(monkeypatch):
    run, told = run_of("verify"), []

    def job(watch):
        for number in watch(((number, 10 * number) for number in (1, 2)), 30):
            told.extend(Run.objects.filter(progress__contains="20 of 30"))  # takes a moment
            deadline = time.monotonic() + 30
            while number == 2 and not told and time.monotonic() < deadline:
                told.extend(Run.objects.filter(progress__contains="accounts: 10 of 30"))
                time.sleep(0.01)
        return started.Result("all is well")

    monkeypatch.setattr(started, "EVERY", 0.0001)
    monkeypatch.setattr(started, "job", lambda action, name: job)
    started.carry_out_run(run.pk)
    run.refresh_from_db()
    assert (run.result, told) == ("all is well", [run])


def test_process_finds_its_row_alone(other):
    """Somebody starts the command by hand, or for a row that has come to its end."""
    run = run_of("verify")
    other.execute(LOCK, [run.pk])
    started.carry_out_run(run.pk)
    started.carry_out_run(run.pk + 1)
    assert Run.objects.get().finished_at is None
    other.execute("SELECT pg_advisory_unlock_all()")
    started.carry_out_run(run.pk)
    assert Run.objects.get().succeeded


def test_process_that_cannot_begin_is_a_sentence(engineer, monkeypatch):
    monkeypatch.setattr(started.sys, "executable", "/nowhere/python")
    engineer.post(RUNS, {"run": "verify accounts"})
    assert "The process did not start" in text(engineer, f"{RUNS}{Run.objects.get().pk}/change/")


@pytest.mark.parametrize(
    ("run", "status", "sentence"),
    [
        ("verify nothing", 409, "There is no projection &#x27;nothing&#x27;"),
        ("rebuild ", 409, "There is no projection &#x27;&#x27;"),
        ("delete accounts", 409, "There is no &#x27;delete&#x27;: say verify or rebuild."),
    ],
)
def test_what_cannot_be_run_is_a_sentence(engineer, run, status, sentence):
    assert sentence in text_of_post(engineer, run, status)
    assert not Run.objects.exists()


def test_two_at_once_are_one(engineer, other):
    with other.transaction():
        other.execute(
            "INSERT INTO projections_run (projection, action, started_at, result)"
            " VALUES ('accounts', 'verify', now(), '')"
        )
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        assert engineer.post(RUNS, {"run": "verify accounts"}).status_code == 503
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    assert "is at work" in text_of_post(engineer, "verify accounts", 409)


def test_who_may_not_start_sees_no_button_and_is_refused(client):
    user = User.objects.create_user("view", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_run"))
    client.force_login(user)
    assert "<form method" not in re.sub(r"<form[^>]*logout.*?</form>", "", text(client, RUNS))
    assert client.post(RUNS, {"run": "verify accounts"}).status_code == 403
    user.user_permissions.clear()
    assert client.get(RUNS).status_code == 403


def test_few_queries(engineer):
    run_of("verify", progress=started.BEGUN)
    with CaptureQueriesContext(connection) as captured:
        engineer.get(RUNS)
    assert len(captured) <= 8


def test_run_that_is_not_there(engineer):
    text(engineer, f"{RUNS}99/change/", 404)
    assert "&#x27;x&#x27;" in text(engineer, f"{RUNS}x/change/", 400)


def test_a_run_that_was_given_up_does_not_begin(monkeypatch):
    """It reads its row when it holds its lock: by then another may have taken its place."""
    run = run_of("verify")
    asked = started.column

    def given_up(sql, *parameters):
        locked = asked(sql, *parameters)
        if sql == started.LOCK:
            started._finish(run.pk, started.Result(started.KILLED))
        return locked

    monkeypatch.setattr(started, "column", given_up)
    started.carry_out_run(run.pk)
    run.refresh_from_db()
    assert (run.result, run.progress) == (started.KILLED, "")
