"""Tests of the nginx sample: the IP address that counts for the limits of signing in."""

import http.client
import re
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from pytest_django import Settings

from simulator.ports import free_port
from tests.callbacks import served
from tests.cast import PASSWORD, Cast
from tests.operations.test_parsers import DEPLOY, NGINX, certified, run

pytestmark = pytest.mark.django_db(transaction=True)

HOST, PAGE = "console.example.com", "/admin/login/"
ELSEWHERE, OWNERS = "127.0.0.2", "127.0.0.3"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@pytest.fixture
def port(tmp_path: Path, settings: Settings, staff: Cast) -> Iterator[int]:
    """The port on which the sample answers, with nothing changed in it but ports and certificate."""
    settings.TRUSTED_PROXIES, settings.ALLOWED_HOSTS = 1, [HOST]
    certified(tmp_path)
    port = free_port()
    with served() as base:
        text = (DEPLOY / "nginx-debian.conf").read_text()
        for sample, here in {
            "127.0.0.1:8000": base.removeprefix("http://"),
            "listen 443 ssl http2;": f"listen 127.0.0.1:{port} ssl http2;",
            "listen 80;": f"listen 127.0.0.1:{free_port()};",
            "listen [::]:80;": "",
            "listen [::]:443 ssl http2;": "",
            "/etc/ssl/certs/console.example.com.pem": str(tmp_path / "certificate.pem"),
            "/etc/ssl/private/console.example.com.key": str(tmp_path / "key.pem"),
        }.items():
            assert sample in text
            text = text.replace(sample, here)
        (tmp_path / "sample.conf").write_text(text)
        (tmp_path / "main.conf").write_text(NGINX.format(folder=tmp_path))
        command = ("nginx", "-c", tmp_path / "main.conf", "-p", tmp_path)
        run(*command, "-t")
        # It listens by the time that the command is over, and keeps what it was given to write to.
        subprocess.run(
            list(map(str, command)), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            yield port
        finally:
            run(*command, "-s", "stop")


def test_guesses_count_for_the_address_that_nginx_saw(port: int) -> None:
    """Each guess claims another address."""
    guesses = [attempt(port, ELSEWHERE, "guess", f"9.9.9.{number}") for number in range(6)]
    assert guesses == [200] * 5 + [429]
    assert attempt(port, ELSEWHERE, PASSWORD, OWNERS) == 429
    assert attempt(port, OWNERS, PASSWORD, ELSEWHERE) == 302


def test_it_tells_of_no_address(port: int, tmp_path: Path) -> None:
    """The application does, with the route in its place; who has the code of a login is let in by it."""
    page, _cookie, status = ask(port, OWNERS, "GET", {"Host": HOST}, path=f"{PAGE}?code=secret")
    assert (status, "csrfmiddlewaretoken" in page) == (200, True)
    written = [path.read_text() for path in tmp_path.glob("*.log")]
    assert not any("secret" in text for text in written)


def attempt(port: int, peer: str, password: str, claimed: str) -> int:
    """The status of a sign-in form that is sent from one of this machine's addresses."""
    headers = {"Host": HOST, "X-Forwarded-For": claimed, "Referer": f"https://{HOST}{PAGE}"}
    page, cookie, _ = ask(port, peer, "GET", headers)
    found = TOKEN.search(page)
    assert found is not None
    form = urlencode({"csrfmiddlewaretoken": found[1], "username": "owner", "password": password})
    sent = {**headers, "Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    return ask(port, peer, "POST", sent, form)[2]


def ask(
    port: int, peer: str, method: str, headers: dict[str, str], body: str = "", path: str = PAGE
) -> tuple[str, str, int]:
    """Returns the page, its first cookie and its status."""
    unchecked = ssl._create_unverified_context()
    caller = http.client.HTTPSConnection("127.0.0.1", port, source_address=(peer, 0), context=unchecked)
    try:
        caller.request(method, path, body, headers)
        answer = caller.getresponse()
        cookie = answer.getheader("Set-Cookie", "").partition(";")[0]
        return answer.read().decode(), cookie, answer.status
    finally:
        caller.close()
