"""The sample of Caddy before the application: who is let through to what."""

import http.client
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytest_django import Settings

from config.request_checks import LIMITS
from simulator.ports import free_port
from tests.callbacks import served
from tests.operations.test_parsers import DEPLOY, tool
from tests.simulator.conftest import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

HOST = "console.example.com"
INSIDE = "private_ranges"


@pytest.fixture(autouse=True)
def host(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = [HOST]


@contextmanager
def through_caddy(folder: Path, inside: str = INSIDE) -> Iterator[int]:
    """The port on which the sample answers, with nothing changed in it but ports, TLS and who is inside."""
    port = free_port()
    with served() as base:
        text = (DEPLOY / "Caddyfile").read_text()
        for sample, here in {
            f"{HOST} {{": f"http://{HOST}:{port} {{",
            "127.0.0.1:8000": base.removeprefix("http://"),
            INSIDE: inside,
        }.items():
            assert sample in text
            text = text.replace(sample, here)
        (folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + text)
        command = [tool("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
        # It keeps its certificates and the configuration that it last had in these.
        folders = {"XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
        caddy = subprocess.Popen(
            command, env={**os.environ, **folders}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            wait_for(f"http://127.0.0.1:{port}")
            yield port
        finally:
            caddy.terminate()
            caddy.wait(60)


def status(port: int, method: str, path: str, body: bytes = b"") -> int:
    caller = http.client.HTTPConnection("127.0.0.1", port)
    try:
        caller.request(method, path, body, {"Host": HOST})
        return caller.getresponse().status
    finally:
        caller.close()


def test_who_is_outside_reads_no_metrics(tmp_path: Path) -> None:
    with through_caddy(tmp_path, inside="10.0.0.0/8") as port:
        assert status(port, "GET", "/metrics") == 404
        assert status(port, "GET", "/admin/login/") == 200


def test_the_scraper_inside_does(tmp_path: Path) -> None:
    with through_caddy(tmp_path) as port:
        assert status(port, "GET", "/metrics") == 200


def test_a_form_as_large_as_pages_take_comes_through(tmp_path: Path) -> None:
    with through_caddy(tmp_path) as port:
        largest = dict(LIMITS)["/admin/"]
        assert status(port, "POST", "/admin/", bytes(largest)) == status(port, "POST", "/admin/", b"a=b")
