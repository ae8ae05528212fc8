"""Request bodies in the event loop: how long they may take, and who ends the waiting."""

import asyncio
import io
from typing import Any

import pytest

from wechat.kernel import bodies
from wechat.kernel.bodies import BodyTooSlow, receive_into


class Sender:
    """A sender of one body, which comes once ``sends`` is set."""

    def __init__(self) -> None:
        self.sends = asyncio.Event()

    async def __call__(self) -> dict[str, Any]:
        await self.sends.wait()
        return {"type": "http.request", "body": b"whole", "more_body": False}


def waiting(sender: Sender, sink: io.BytesIO) -> "asyncio.Task[None]":
    return asyncio.ensure_future(receive_into(sink, sender, 100))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "GRACE_SECONDS", 0)
    monkeypatch.setattr(bodies, "LOOK_SECONDS", 0)


@pytest.mark.usefixtures("impatient")
def test_a_body_that_does_not_come_is_too_slow() -> None:
    async def never() -> None:
        with pytest.raises(BodyTooSlow):
            await receive_into(io.BytesIO(), Sender(), 100)

    asyncio.run(never())


def test_one_that_is_too_slow_ends_no_other(monkeypatch: pytest.MonkeyPatch, impatient: None) -> None:
    async def both() -> bytes:
        slow = waiting(Sender(), io.BytesIO())
        await asyncio.sleep(0)
        monkeypatch.setattr(bodies, "GRACE_SECONDS", 60)
        sender, sink = Sender(), io.BytesIO()
        other = waiting(sender, sink)
        with pytest.raises(BodyTooSlow):
            await slow
        sender.sends.set()
        await other
        return sink.getvalue()

    assert asyncio.run(both()) == b"whole"


def test_whoever_is_cancelled_meanwhile_was_not_too_slow() -> None:
    async def cancelled() -> None:
        request = waiting(Sender(), io.BytesIO())
        await asyncio.sleep(0)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request

    asyncio.run(cancelled())


@pytest.mark.usefixtures("impatient")
def test_the_next_body_is_waited_for_as_well_after_all_of_the_ones_before_are_over() -> None:
    async def twice() -> None:
        for _ in range(2):
            with pytest.raises(BodyTooSlow):
                await receive_into(io.BytesIO(), Sender(), 100)
            while bodies._watches:
                await asyncio.sleep(0)

    asyncio.run(twice())
