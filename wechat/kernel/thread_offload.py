"""Threads beside an event loop, for what would hold it up."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


class ThreadOffload:
    """A pool of at most ``most`` threads, which give back their database connection after each call."""

    def __init__(self, name: str, most: int) -> None:
        self._threads = ThreadPoolExecutor(most, thread_name_prefix=name)

    async def run(self, seconds: float, function: Callable[..., T], *args: object) -> T:
        """Calls the function in a thread.

        Raises ``TimeoutError`` after that many seconds; what has begun by then goes on, and nobody hears of
        its result.
        """
        loop = asyncio.get_running_loop()
        called = loop.run_in_executor(self._threads, _call, function, args)
        return await asyncio.wait_for(called, seconds)


def _call(function: Callable[..., T], args: tuple[object, ...]) -> T:
    try:
        return function(*args)
    finally:
        connection.close()
