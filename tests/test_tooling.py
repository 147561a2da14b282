import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
LOCK_FILES = ["requirements.txt", "requirements-embedded.txt", "requirements-dev.txt"]


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def test_compose_publishes_to_this_machine_only(compose):
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert sorted(set(ports)) == [
        "127.0.0.1:15672:15672",
        "127.0.0.1:5432:5432",
        "127.0.0.1:5672:5672",
        "127.0.0.1:8000:8000",
        "127.0.0.1:9201:80",
    ]


def test_compose_starts_only_a_healthy_database_by_default(compose):
    services = compose["services"]
    assert [name for name in services if "profiles" not in services[name]] == ["postgres"]
    assert services["postgres"]["image"].startswith("postgres:18")
    assert services["postgres"]["volumes"] == ["postgres-data:/var/lib/postgresql"]
    assert "pg_isready" in services["postgres"]["healthcheck"]["test"]


def test_compose_migrates_between_the_database_and_the_application(compose):
    services = compose["services"]
    assert services["pgadmin"]["profiles"] == ["tools"]
    assert services["app"]["profiles"] == services["migrate"]["profiles"] == ["app"]
    assert services["app"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert services["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_compose_puts_a_buffering_proxy_before_the_application(compose):
    proxy, app = compose["services"]["proxy"], compose["services"]["app"]
    assert proxy["ports"] == ["127.0.0.1:8000:8000"]
    assert "ports" not in app
    assert proxy["depends_on"]["app"]["condition"] == "service_healthy"
    [mounted] = proxy["volumes"]
    told = (ROOT / mounted.split(":")[0]).read_text()
    for line in (
        "proxy_request_buffering on;",
        "client_max_body_size 128k;",
        "server app:8000;",
        "proxy_set_header X-Forwarded-For $remote_addr;",
        "limit_req zone=guesses burst=10 nodelay;",
        "limit_req zone=probes burst=4 nodelay;",
    ):
        assert line in told
    assert app["environment"].get("OPEN_MODE") is None
    assert app["environment"]["DEBUG"] == "0"
    assert "warehouse_app:" in app["environment"]["DATABASE_URL"]
    assert "create_app_role warehouse_app" in compose["services"]["migrate"]["command"][-1]


@pytest.mark.parametrize("name", LOCK_FILES)
def test_lock_files_pin_by_hash_and_name_no_place(name):
    text = (ROOT / name).read_text()
    requirements = re.split(r"\n(?=\S)", text.strip())
    assert all(
        re.match(r"[\w.-]+==\S+.*(\n    --hash=sha256:\w{64}( \\)?)+$", r) for r in requirements
    )
    assert not re.search(r"://|/|--(?!hash)", text)


def test_lock_files_agree():
    pins = {pin for name in LOCK_FILES for pin in _pins((ROOT / name).read_text())}
    assert _pins((ROOT / "requirements.txt").read_text()) <= _pins(
        (ROOT / "requirements-dev.txt").read_text()
    )
    assert len(pins) - len({pin.split("==")[0] for pin in pins}) == 1  # Django 5.2 and 6


def _pins(text):
    return set(re.findall(r"^[\w.-]+==[^ ]+", text, re.MULTILINE))
