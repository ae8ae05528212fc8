"""The threads beside an event loop, for calls that would block it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


class ThreadOffload:
    """A pool of at most ``most`` threads, which release their database connection after each call."""

    def __init__(self, name: str, most: int) -> None:
        self._threads = ThreadPoolExecutor(most, thread_name_prefix=name)

    async def run(self, seconds: float, function: Callable[..., T], *args: object) -> T:
        """Calls the function in a thread.

        Raises ``TimeoutError`` after that many seconds; a call that has begun by then goes on, and its result
        is ignored.
        """
        loop = asyncio.get_running_loop()
        called = loop.run_in_executor(self._threads, _call, function, args)
        return await asyncio.wait_for(called, seconds)


def _call(function: Callable[..., T], args: tuple[object, ...]) -> T:
    try:
        return function(*args)
    finally:
        connection.close()
