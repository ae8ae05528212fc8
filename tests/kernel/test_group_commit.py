"""Connections to Postgres that belong to an event loop."""

import asyncio

import pytest

from wechat.kernel import group_commit
from wechat.kernel.group_commit import Session


@pytest.mark.django_db(transaction=True)
def test_a_loop_that_ends_while_it_connects_leaves_no_connection_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Session] = []

    async def wait_for_an_answer(session: Session) -> bool:
        asked.append(session)
        await asyncio.Event().wait()
        return False

    async def connect_and_end() -> None:
        connecting = asyncio.ensure_future(group_commit.connect())
        while not asked:
            await asyncio.sleep(0)
        connecting.cancel()

    monkeypatch.setattr(group_commit, "_is_pooled", wait_for_an_answer)
    asyncio.run(connect_and_end())
    assert [session.closed for session in asked] == [True]
