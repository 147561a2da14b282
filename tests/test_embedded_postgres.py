import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from dev.failure import DevError
from dev.places import locked
from dev.programs import find_programs

from .racing import until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout with a space and more in its path; one database for all tests of this module."""
    try:
        find_programs()
    except DevError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("a checkout, of ours")
    shutil.copytree(ROOT / "dev", folder / "dev")
    yield folder
    with run(folder, "remove") as removed:
        assert removed.wait() == 0
    assert not (folder / ".postgres").exists()


def run(checkout, *arguments):
    env = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    command = [sys.executable, "-m", "dev.postgres", *arguments]
    return subprocess.Popen(command, cwd=checkout, env=env, text=True, stdout=subprocess.PIPE)


def url_of(launcher):
    line = launcher.stdout.readline()
    [url] = re.findall(r"psql '(.*)'", line)
    return url


def end(launcher, number=signal.SIGTERM):
    launcher.send_signal(number)
    launcher.stdout.close()
    return launcher.wait(timeout=20)


def query(url, statement):
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchall()


def server_pid(url):
    [[data]] = query(url, "SELECT current_setting('data_directory')")
    return int(Path(data, "postmaster.pid").read_text().split("\n")[0])


def test_two_first_starts_at_once_do_not_make_the_same_folders():
    # Not in tmp_path: what the server's account may not enter makes its folders elsewhere.
    with TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copytree(ROOT / "dev", folder / "dev")
        state = folder / ".postgres"
        state.mkdir()
        with locked(state / "start.lock"):
            late = run(folder)
            until((state / "users.lock").exists)
            end(late, signal.SIGKILL)
        assert sorted(path.name for path in state.iterdir()) == ["start.lock", "users.lock"]


def test_the_last_user_stops_the_server(checkout):
    first, second = run(checkout), run(checkout)
    url = url_of(first)
    assert url_of(second) == url == (checkout / ".postgres" / "url").read_text().strip()
    assert end(first) == 0
    assert query(url, "SELECT 1") == [(1,)]
    assert end(second, signal.SIGINT) == 0
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


def test_nothing_listens_on_the_network(checkout):
    launcher = run(checkout)
    assert query(url_of(launcher), "SHOW listen_addresses") == [("",)]
    assert end(launcher) == 0


def test_a_server_whose_launcher_was_killed_is_reused_and_stopped(checkout):
    killed = run(checkout)
    pid = server_pid(url_of(killed))
    end(killed, signal.SIGKILL)
    launcher = run(checkout)
    url = url_of(launcher)
    assert server_pid(url) == pid
    assert end(launcher) == 0
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


def test_data_outlives_the_death_of_launcher_and_server(checkout):
    killed = run(checkout)
    url = url_of(killed)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE kept (number integer)")
    os.kill(server_pid(url), signal.SIGKILL)
    end(killed, signal.SIGKILL)
    time.sleep(0.2)
    launcher = run(checkout)
    assert query(url_of(launcher), "SELECT count(*) FROM kept") == [(0,)]
    assert end(launcher) == 0


def test_the_id_of_a_living_stranger_in_the_pid_file_does_no_harm(checkout):
    killed = run(checkout)
    url = url_of(killed)
    [[data]] = query(url, "SELECT current_setting('data_directory')")
    pid_file = Path(data, "postmaster.pid")
    os.kill(server_pid(url), signal.SIGKILL)
    end(killed, signal.SIGKILL)
    time.sleep(0.2)
    rest = pid_file.read_text().split("\n", 1)[1]
    pid_file.write_text(f"1\n{rest}")
    launcher = run(checkout)
    assert query(url_of(launcher), "SELECT 1") == [(1,)]
    assert end(launcher) == 0
