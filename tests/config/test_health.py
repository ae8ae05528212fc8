"""Health as the load balancer asks for it, of the application that is served."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.conf import settings as ours
from django.db import connection
from django.test import Client
from pytest_django import Settings

from config import health
from config.asgi import application
from config.health import DEADLINE_SECONDS
from tests.cast import Cast
from wechat.kernel import versioned_cache

pytestmark = pytest.mark.django_db(transaction=True)

NOBODY_LISTENS = 1


async def get(path: str, cookie: str = "", method: str = "GET") -> tuple[int, bytes]:
    """Returns status and body of a page; a server that never answers must not be waited for."""
    got: dict[str, Any] = {"body": b""}

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(event: Any) -> None:
        got["status"] = event.get("status", got.get("status"))
        got["body"] += event.get("body", b"")

    scope = {
        "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": path,
        "root_path": "", "query_string": b"", "client": ("127.0.0.1", 1), "server": ("localhost", 80),
        "headers": [(b"host", b"localhost"), (b"cookie", cookie.encode())],
    }  # fmt: skip
    await asyncio.wait_for(application(scope, receive, send), 60)
    return got["status"], got["body"]


def ready() -> tuple[int, dict[str, bool]]:
    status, body = asyncio.run(get("/healthz/ready"))
    return status, json.loads(body)


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that lets everybody in and says nothing, as one that is frozen."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def database_at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Moves the database of new connections to another port, where only the deadline ends the waiting."""

    def move(port: int) -> None:
        monkeypatch.setitem(connection.settings_dict, "PORT", str(port))
        options = connection.settings_dict["OPTIONS"] | {"connect_timeout": 3600}
        monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)

    return move


def redis_at(settings: Settings, port: int) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
    settings.REDIS_TIMEOUTS = {"socket_timeout": 3600, "socket_connect_timeout": 3600}


@pytest.fixture
def _in_memory(settings: Settings) -> None:
    """Reads into memory the tables that callbacks are answered from."""
    asyncio.run(versioned_cache.build_all(60))
    settings.CACHE_VERSION_INTERVAL = 3600


def test_with_everything_there_both_are_named() -> None:
    assert ready() == (200, {"postgres": True, "redis": True})
    assert asyncio.run(get("/healthz/live")) == (200, b'{"live": true}')


def test_a_head_gets_no_body() -> None:
    assert asyncio.run(get("/healthz/ready", method="HEAD")) == (200, b"")


@pytest.mark.usefixtures("_in_memory")
def test_without_postgres_callbacks_are_kept_in_redis(database_at: Any) -> None:
    database_at(NOBODY_LISTENS)
    assert ready() == (200, {"postgres": False, "redis": True})


@pytest.mark.usefixtures("_in_memory")
def test_a_postgres_that_says_nothing_is_away(
    database_at: Any, silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "DEADLINE_SECONDS", 3)
    database_at(silent)
    assert ready() == (200, {"postgres": False, "redis": True})


def test_a_process_that_never_saw_postgres_cannot_answer_callbacks(
    database_at: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versioned_cache, "_unbuilt", set(versioned_cache._all))
    settings.CACHE_VERSION_INTERVAL = 3600
    database_at(NOBODY_LISTENS)
    assert ready() == (503, {"postgres": False, "redis": True})


def test_a_process_that_was_asked_before_postgres_went_away_can(
    database_at: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versioned_cache, "_unbuilt", set(versioned_cache._all))
    monkeypatch.setattr(health, "BUILD_SECONDS", 60)
    assert ready()[0] == 200
    settings.CACHE_VERSION_INTERVAL = 3600
    database_at(NOBODY_LISTENS)
    assert ready() == (200, {"postgres": False, "redis": True})


@pytest.mark.usefixtures("_in_memory")
def test_with_both_away_nothing_can_be_recorded(database_at: Any, settings: Settings) -> None:
    database_at(NOBODY_LISTENS)
    redis_at(settings, NOBODY_LISTENS)
    assert ready() == (503, {"postgres": False, "redis": False})


def test_a_redis_that_says_nothing_is_away(
    settings: Settings, silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "DEADLINE_SECONDS", 3)
    redis_at(settings, silent)
    assert ready() == (200, {"postgres": True, "redis": False})


class Jumping(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps over waiting times."""

    def __init__(self) -> None:
        super().__init__()
        self.waited = 0.0
        selector: Any = self._selector  # type: ignore[attr-defined]
        look = selector.select

        def select(timeout: float | None = None) -> Any:
            found = look(0.01 if timeout is None else 0)
            self.waited += 0 if found else timeout or 0
            return found

        selector.select = select

    def time(self) -> float:
        return self.waited


@pytest.mark.usefixtures("_in_memory")
def test_both_are_answered_within_a_second_whoever_says_nothing(
    database_at: Any, settings: Settings, silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for probe in health.PROBES.values():
        monkeypatch.setattr(probe, "_answer", None)
    monkeypatch.setattr(health, "DEADLINE_SECONDS", DEADLINE_SECONDS)
    database_at(silent)
    redis_at(settings, silent)
    for path, status in (("/healthz/ready", 503), ("/healthz/live", 200)):
        with asyncio.Runner(loop_factory=Jumping) as runner:
            loop: Any = runner.get_loop()
            assert runner.run(get(path))[0] == status
            assert loop.waited < 1


def test_a_postgres_that_takes_no_rows_is_none() -> None:
    with connection.cursor() as cursor:
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        cursor.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        try:
            assert ready()[1] == {"postgres": False, "redis": True}
        finally:
            cursor.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")


@contextmanager
def sessions_locked() -> Iterator[psycopg.Connection]:
    """Makes every page that wants to know who is signed in wait, until the lock is given up."""
    where = connection.settings_dict
    with psycopg.connect(
        host=where["HOST"], port=where["PORT"], user=where["USER"],
        password=where["PASSWORD"], dbname=where["NAME"],
    ) as session:  # fmt: skip
        session.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")
        yield session


def test_it_is_answered_while_pages_take_every_place(client: Client, staff: Cast) -> None:
    client.force_login(staff.owner)
    cookie = f"sessionid={client.cookies['sessionid'].value}"

    async def ask_among_pages(session: psycopg.Connection) -> Any:
        pages = [asyncio.ensure_future(get("/admin/", cookie)) for _ in range(3 * ours.WEB_THREADS)]
        live, is_ready = await get("/healthz/live"), await get("/healthz/ready")
        waiting = [page for page in pages if not page.done()]
        session.rollback()
        await asyncio.gather(*pages)
        return live[0], is_ready[0], len(waiting)

    with sessions_locked() as session:
        assert asyncio.run(ask_among_pages(session)) == (200, 200, 3 * ours.WEB_THREADS)
