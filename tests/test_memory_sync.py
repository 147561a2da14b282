"""The mode that keeps its state in memory, as its user meets it: started, asked, killed."""

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from dev.failure import DevError
from dev.modes import MODES
from dev.processes import accepts, free_port, is_alive
from dev.programs import find_programs

from .racing import until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
FILES = ("manage.py", "gunicorn.conf.py", ".env.dev")


@pytest.fixture(scope="module")
def checkout():
    """A checkout of our own: the tests leave the developer's state alone."""
    try:
        find_programs()
    except DevError as error:
        pytest.skip(str(error))
    with TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name, "a checkout, of ours")
        for part in ("dev", "cqrs_example", "warehouse"):
            shutil.copytree(ROOT / part, folder / part)
        for file in FILES:
            shutil.copy(ROOT / file, folder / file)
        yield folder
        subprocess.run([sys.executable, "-m", "dev.postgres", "remove"], cwd=folder, check=True)


@contextmanager
def launched(checkout, *within, stderr=None, **environment):
    """`make run MODE=memory_sync`: the launcher, and the port that it serves. `within` is a program
    that starts it."""
    ours = {key: value for key, value in os.environ.items() if not key.startswith("DJANGO")}
    port = free_port()
    launcher = subprocess.Popen(
        [*within, sys.executable, "-m", "dev.run"],
        cwd=checkout,
        env={**ours, "MODE": "memory_sync", "PORT": str(port), "WEB_CONCURRENCY": "1"}
        | environment,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )
    try:
        yield launcher, port
    finally:
        launcher.kill()
        launcher.communicate()


def get(port, path="/warehouse/products", accept="text/html"):
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as client:
        client.request("GET", path, headers={"Accept": accept})
        return client.getresponse().read().decode()


def folder_of(checkout):
    """Where the files of the server are, as long as it is up."""
    url = (checkout / ".postgres" / "memory_sync.url").read_text()
    return Path(re.findall(r"host=([^&]*)", url)[0].replace("%2F", "/"))


def server_pid(checkout):
    return int((folder_of(checkout) / "data" / "postmaster.pid").read_text().split("\n")[0])


def test_an_unknown_mode_is_answered_with_those_there_are():
    environment = {**os.environ, "MODE": "persistent"}
    done = subprocess.run(
        [sys.executable, "-m", "dev.run"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.stderr == f"MODE=persistent is not a mode: give one of {', '.join(MODES)}.\n"
    assert done.returncode == 1


def test_each_mode_is_a_settings_module():
    beside = {"__init__", "base", "environment", "wiring"}
    modules = {path.stem for path in (ROOT / "cqrs_example" / "settings").glob("*.py")}
    assert modules - beside == set(MODES)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_whatever_ends_the_launcher(checkout, number):
    with launched(checkout, DATABASE_URL="dbname=unused") as (launcher, port):
        assert "gone when this ends. DATABASE_URL is not used." in launcher.stdout.readline()
        until(lambda: accepts(port))
        assert '"openapi"' in get(port, "/openapi.json")
        for path in ("/event-model", "/login", "/admin/login/"):
            assert "is gone when the application stops" in get(port, path)
        folder, pid = folder_of(checkout), server_pid(checkout)
        launcher.send_signal(number)
        until(lambda: not folder.parent.exists() and not is_alive(pid) and not accepts(port))


def test_a_launcher_that_is_killed_while_it_starts_leaves_nothing(checkout):
    with launched(checkout) as (launcher, port):
        until(lambda: throwaways(checkout))
        launcher.kill()
        until(lambda: not throwaways(checkout))
        assert not accepts(port)


def throwaways(checkout):
    """All folders of throw-away servers that this checkout has made."""
    script = (
        "from dev.places import *\n"
        "for parent in {TEMPORARY, memory_file_system() or TEMPORARY}:\n"
        "    print(*outside(parent).glob('throwaway-*/'))"
    )
    return subprocess.check_output([sys.executable, "-c", script], cwd=checkout, text=True).split()


def in_a_namespace(mount):
    """The start of a command that sees another /dev/shm than everybody else."""
    command = ["unshare", "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh"]
    if subprocess.run([*command, "true"], capture_output=True).returncode != 0:
        pytest.skip("Another /dev/shm needs root, and the right to mount.")
    return command


@pytest.mark.parametrize(
    ("mount", "fits"),
    [
        ("mount -t tmpfs -o size=1g,mode=1777 none /dev/shm", True),
        ("mount -t tmpfs -o size=64m,mode=1777 none /dev/shm", False),  # as containers have it
        ("mount -t tmpfs -o ro,size=1g,mode=1777 none /dev/shm", False),
        ("mount -t tmpfs -o size=1g,mode=755 none /dev/shm", False),  # the server's account
        ("mount --bind /var/tmp /dev/shm", False),  # a folder on a disk
    ],
)
def test_a_folder_that_is_no_place_for_a_database_is_not_taken(mount, fits):
    ask = "from dev.places import memory_file_system; print(memory_file_system())"
    done = subprocess.run(
        [*in_a_namespace(mount), sys.executable, "-c", ask],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": "/var/tmp"},
        capture_output=True,
        text=True,
    )
    assert done.stdout == ("/dev/shm\n" if fits else "None\n"), done.stderr


def test_without_room_in_memory_it_lies_on_the_disk_and_says_so(checkout):
    small = in_a_namespace("mount -t tmpfs -o size=64m none /dev/shm")
    with launched(checkout, *small, TMPDIR="/var/tmp") as (launcher, port):
        sentence = "everything lies in /var/tmp, for want of room in memory, and is gone"
        assert sentence in launcher.stdout.readline()
        until(lambda: accepts(port))
        assert "is gone when the application stops" in get(port)
        folder = folder_of(checkout)
        assert folder.is_relative_to("/var/tmp")
        launcher.terminate()
        until(lambda: not folder.parent.exists())


def test_a_mistake_in_the_settings_is_a_sentence_before_anything_is_served(checkout):
    """The start check: in this mode the server leaves it to the program that migrates."""
    file = checkout / "cqrs_example" / "settings" / "memory_sync.py"
    right = file.read_text()
    file.write_text(f'{right}\nPOLICIES = {{"warn": "warehouse.nothing.here"}}\n')
    try:
        with launched(checkout, stderr=subprocess.PIPE) as (launcher, _):
            _, told = launcher.communicate(timeout=60)
    finally:
        file.write_text(right)
    assert "settings.POLICIES['warn'] = 'warehouse.nothing.here'" in told
    assert "Traceback" not in told
    assert launcher.returncode == 1


@pytest.mark.slices("products")
def test_sample_data_goes_into_the_mode_that_runs(checkout):
    with launched(checkout) as (_, port):
        until(lambda: accepts(port))
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO", "DATA"))}
        done = subprocess.run(
            [sys.executable, "-m", "dev.sample"],
            cwd=checkout,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert re.fullmatch(r"Recorded [\d,]+ events of 200 products.\n", done.stdout), done
        assert "bolt-01" in get(port)


def test_sample_data_without_an_application_says_how_to_start_one(checkout):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO", "DATA"))}
    done = subprocess.run(
        [sys.executable, "-m", "dev.sample"],
        cwd=checkout,
        env={**environment, "MODE": "memory_sync"},
        capture_output=True,
        text=True,
    )
    assert done.stderr == (
        "No embedded Postgres is up: start the application, `make run MODE=memory_sync`.\n"
    )
