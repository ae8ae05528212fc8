"""Pages while Postgres or Redis is away: an answer at once that says which."""

import asyncio
import base64
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
import redis
import requests
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from django_redis import get_redis_connection
from pytest_django import Settings

from config import health, outages, serving
from tests.asgi import Answered, exchange
from tests.config.test_health import NOBODY_LISTENS, get
from tests.config.test_health import database_at as database_at
from tests.config.test_health import silent as silent
from tests.config.test_serving import free_server
from tests.operations.conftest import Lines
from tests.operations.conftest import lines as lines
from wechat.kernel import line_rates

pytestmark = pytest.mark.django_db(transaction=True)

held = threading.Event()
begun = threading.Semaphore(0)


def asks_redis(request: HttpRequest) -> HttpResponse:
    return HttpResponse(get_redis_connection("default").get("x") or "")


def waits(request: HttpRequest) -> HttpResponse:
    begun.release()
    held.wait(60)
    return HttpResponse("done")


urlpatterns = [
    # Before the console's own: every other address below the API is a 404.
    path("api/v1/asks/", asks_redis),
    path("", include("config.urls")),
    path("asks/", asks_redis),
    path("waits/", waits),
    path("pay/waits/", waits),
]
handler500 = "config.outages.server_error"


@pytest.fixture(autouse=True)
def _asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forgets what the probe of an earlier test found, so that no test is told of it."""
    for probe in health.PROBES.values():
        monkeypatch.setattr(probe, "_answer", None)


@pytest.fixture
def away() -> Iterator[str]:
    """The address of a server whose Postgres nobody can reach."""
    environment = {
        "DATABASE_URL": f"postgresql://nobody@127.0.0.1:{NOBODY_LISTENS}/nothing",
        "SECRET_KEY": "s" * 60,
        "FIELD_ENCRYPTION_KEYS": f"a:{base64.b64encode(bytes(32)).decode()}",
        "ALLOWED_HOSTS": "127.0.0.1",
    }
    with free_server(environment) as address:
        yield address


def test_a_page_says_in_both_languages_what_is_away(away: str) -> None:
    page = requests.get(f"{away}/admin/login/", cookies={"sessionid": "x" * 32}, timeout=60)
    assert page.status_code == 503
    assert "无法连接 PostgreSQL" in page.text
    assert "PostgreSQL cannot be reached" in page.text
    assert "Traceback" not in page.text
    assert page.headers["Retry-After"]


def test_programs_are_told_in_json(away: str) -> None:
    now = str(int(time.time()))
    signed = {"X-Key": "a", "X-Timestamp": now, "X-Nonce": "n" * 32, "X-Signature": "s" * 64}
    called = requests.get(f"{away}/api/v1/followers/", headers=signed, timeout=60)
    assert (called.status_code, called.json()["error"]["code"]) == (503, "unavailable")
    notified = requests.post(f"{away}/pay/nobody/notify/transaction", json={}, timeout=60)
    assert (notified.status_code, notified.json()["code"]) == (503, "FAIL")
    assert notified.headers["Content-Length"] == str(len(notified.content))


def test_those_who_wait_behind_the_first_ones_are_told_as_well(away: str) -> None:
    """There are eight places."""

    def ask(_number: int) -> int:
        cookies = {"sessionid": "x" * 32}
        return requests.get(f"{away}/admin/login/", cookies=cookies, timeout=60).status_code

    with ThreadPoolExecutor(30) as browsers:
        assert set(browsers.map(ask, range(30))) == {503}


def test_a_page_that_takes_its_time_is_waited_for_while_postgres_is_there(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    held.clear()

    async def asked() -> tuple[int, bytes]:
        page = asyncio.ensure_future(get("/waits/"))
        while health.PROBES["postgres"]._answer is None:
            await asyncio.sleep(0.01)
        await health.PROBES["postgres"].is_reached(60)
        held.set()
        return await page

    assert asyncio.run(asked()) == (200, b"done")


def test_a_page_that_waits_for_a_silent_postgres_is_given_up(
    settings: Settings, database_at: Any, silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ROOT_URLCONF = __name__
    monkeypatch.setattr(outages, "SILENT_SECONDS", 0.2)
    held.clear()
    database_at(silent)
    try:
        assert asyncio.run(get("/waits/"))[0] == 503
    finally:
        held.set()


def test_a_notification_of_a_payment_for_which_no_thread_is_free_is_refused_in_time(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ROOT_URLCONF = __name__
    monkeypatch.setattr(serving, "THREAD_SECONDS", 0.2)
    monkeypatch.setattr(f"{__name__}.begun", threading.Semaphore(0))
    held.clear()

    async def asked() -> tuple[list[Answered], Answered]:
        pages = [asyncio.ensure_future(exchange("GET", "/waits/")) for _ in range(settings.WEB_THREADS)]
        for _page in pages:
            await asyncio.to_thread(begun.acquire)
        notified = await exchange("POST", "/pay/nobody/notify/transaction", b"{}")
        held.set()
        return await asyncio.gather(*pages), notified

    pages, notified = asyncio.run(asked())
    assert (notified.status, json.loads(notified.body)["code"]) == (503, "FAIL")
    assert {page.status for page in pages} == {200}


def test_a_notification_of_a_payment_whose_page_waits_too_long_is_refused_in_time(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ROOT_URLCONF = __name__
    monkeypatch.setattr(serving, "ANSWER_SECONDS", 0.3)
    held.clear()
    try:
        notified = asyncio.run(exchange("POST", "/pay/waits/", b"{}"))
    finally:
        held.set()
    assert (notified.status, json.loads(notified.body)["code"]) == (503, "FAIL")


@pytest.mark.parametrize("path", ["/pay/nobody/notify/transaction", "/pay/nothing", "/waits/"])
def test_every_answer_tells_its_length(settings: Settings, path: str) -> None:
    settings.ROOT_URLCONF = __name__
    held.set()
    answered = asyncio.run(exchange("POST", path, b"{}"))
    assert answered.headers[b"content-length"] == b"%d" % len(answered.body)


@pytest.fixture
def without_redis(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ROOT_URLCONF = __name__

    def refused(*_args: Any, **_kwargs: Any) -> Any:
        raise redis.exceptions.ConnectionError("refused")

    monkeypatch.setattr("redis.connection.Connection.connect", refused)
    get_redis_connection("default").connection_pool.disconnect()


@pytest.mark.usefixtures("without_redis")
@pytest.mark.parametrize("address", ["/asks/", "/api/v1/asks/"])
def test_a_page_that_needs_redis_says_so(client: Client, address: str) -> None:
    got = client.get(address)
    assert (got.status_code, "Redis" in got.content.decode()) == (503, True)
    assert got.headers["Retry-After"]


@pytest.mark.usefixtures("without_redis")
def test_the_log_says_once_a_second_what_such_pages_failed_of(
    client: Client, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(monotonic=lambda: 1e9)
    monkeypatch.setattr(line_rates, "time", clock)
    client.get("/asks/?secret=1")
    client.get("/asks/?secret=1")
    (line,) = [line for line in lines() if line["event"] == "away"]
    clock.monotonic = lambda: 1e9 + 1
    client.get("/asks/")
    assert (line["level"], line["service"]) == ("warning", "Redis")
    assert "ConnectionError: refused" in line["exception"]
    assert "secret" not in json.dumps(line)
    assert [line["event"] for line in lines()].count("away") == 2
