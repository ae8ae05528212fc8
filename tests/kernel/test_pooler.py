"""Through a pooler in transaction mode, each statement may be carried out by another server process."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from accounts.official.models import OfficialAccount
from bench.drill.servers import PgBouncer
from tests.programs import installed
from wechat.kernel import group_commit, prepared

pytestmark = pytest.mark.django_db(transaction=True)

# What a machine without a pooler cannot try; ``.ci/run`` installs it.
needs_pooler = pytest.mark.skipif(not installed("pgbouncer"), reason="PgBouncer is not installed")


@pytest.fixture
def known() -> dict[str, Any]:
    return connection.get_connection_params()


@pytest.fixture
def pooled(
    tmp_path: Path, known: dict[str, Any], monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Leads every new connection through a pooler that has two connections for everybody."""
    address = "postgres://{user}:{password}@{host}:{port}/{dbname}".format(**known)
    pooler = PgBouncer(tmp_path / "pgbouncer", address, connections=2)
    pooler.start()
    monkeypatch.setattr(connection, "get_connection_params", lambda: {**known, "port": pooler.port})
    _connect_anew()
    yield
    pooler.kill()
    monkeypatch.undo()
    _connect_anew()


def _connect_anew() -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # of the backend for Postgres


def test_statements_are_prepared_where_nothing_is_in_between(known: dict[str, Any]) -> None:
    async def threshold() -> int | None:
        session = await group_commit.connect()
        async with session:
            return session.prepare_threshold

    assert asyncio.run(threshold()) is not None


@needs_pooler
def test_no_cursor_outlives_its_transaction(pooled: None) -> None:
    """Django's own choices of a form are read with one, unless it is told not to."""
    with CaptureQueriesContext(connection) as asked:
        assert list(OfficialAccount.objects.iterator()) == []
    assert not any("DECLARE" in each["sql"].upper() for each in asked.captured_queries)
    assert connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]


def prepared_statements() -> list[str]:
    """Carries out a statement often. Returns how the connection's server process knows it, if prepared."""
    for number in range(prepared.THRESHOLD + 2):
        with prepared.prepared_cursor() as cursor:
            cursor.execute("SELECT %s::int AS marked", [number])
            assert cursor.fetchone() == (number,)
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%%marked%%'", [])
        return [statement for (statement,) in cursor.fetchall()]


def test_a_statement_that_comes_again_is_prepared_where_nothing_is_in_between() -> None:
    assert prepared_statements() == ["SELECT $1::int AS marked"]


@needs_pooler
def test_no_statement_is_prepared_through_a_pooler(pooled: None) -> None:
    assert prepared_statements() == []


@needs_pooler
def test_through_a_pooler_everybody_gets_the_answer_to_their_own_statement(pooled: None) -> None:
    async def ask(number: int) -> list[int]:
        session = await group_commit.connect()
        async with session:
            answers: list[int] = []
            for _time in range(20):
                cursor = await session.execute(f"SELECT {number} + %s::int", [1], prepare=True)
                answers += [answer for (answer,) in await cursor.fetchall()]
            return answers

    async def everybody() -> list[list[int]]:
        return await asyncio.gather(*(ask(number) for number in range(8)))

    assert asyncio.run(everybody()) == [[number + 1] * 20 for number in range(8)]
