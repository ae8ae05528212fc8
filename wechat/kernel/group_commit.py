"""The group commit: rows that a process writes at the same time share one statement and one fsync.

Each use has a writer in each event loop, with its own connection, which pages cannot occupy::

    _commits = group_commit("callbacks", write, most=256)

    async def record(record: Record) -> None:
        await _commits.add(record, PATIENCE_SECONDS)
"""

import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, Generic, TypeVar

from django.db import connection
from psycopg import AsyncConnection, Error, OperationalError

from wechat.kernel.batches import Batches, NotDone
from wechat.kernel.outage_errors import is_read_only
from wechat.kernel.prepared import BACKEND, is_direct

log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R")
Session = AsyncConnection[Any]
Write = Callable[[Session, Sequence[T]], Awaitable[Sequence[R | Exception]]]

DJANGOS_OWN = {"context", "cursor_factory", "prepare_threshold"}


async def connect() -> Session:
    """Opens a connection for an event loop: to Django's database, without options that only Django needs."""
    known = connection.get_connection_params()
    ours = {name: value for name, value in known.items() if name not in DJANGOS_OWN}
    async with AsyncExitStack() as undo:
        session = await AsyncConnection.connect(**ours, autocommit=True)
        undo.push_async_callback(session.close)
        if await _is_pooled(session):
            session.prepare_threshold = None
        undo.pop_all()
    return session


async def _is_pooled(session: Session) -> bool:
    """Returns whether the connection leads through a pooler, where statements must not be prepared."""
    cursor = await session.execute(BACKEND, prepare=False)
    return not is_direct(session.info, await cursor.fetchone())


def group_commit(
    name: str,
    write: Write[T, R],
    *,
    most: int,
    weigh: Callable[[T], int] = lambda item: 1,
    longest_wait: float = math.inf,
) -> Batches[T, R]:
    """Returns batches whose items ``write`` commits in one statement; it returns the outcomes in order.

    If Postgres refuses a batch because of its content, ``write`` is called again for each item alone, so that
    one bad row does not spoil the others. The outcome of a refused item is its own ``psycopg.Error``; while
    Postgres is away it is ``NotDone``.
    """
    return Batches(partial(Writer, name, write), most=most, weigh=weigh, longest_wait=longest_wait)


class Writer(Generic[T, R]):
    def __init__(self, name: str, write: Write[T, R]) -> None:
        self._name, self._write = name, write
        self._session: Session | None = None

    async def carry_out(self, items: Sequence[T], /) -> Sequence[R | Exception]:
        try:
            return await self._write(await self._connected(), items)
        except OperationalError as error:
            await self._give_up(items, error)
            return [NotDone() for _ in items]
        except Error as error:
            if is_read_only(error):
                await self._give_up(items, error)
                return [NotDone() for _ in items]
            if len(items) > 1:
                return [(await self.carry_out([item]))[0] for item in items]
            await self._give_up(items, error)
            return [error]

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _connected(self) -> Session:
        if self._session is None:
            self._session = await connect()
        return self._session

    async def _give_up(self, items: Sequence[T], error: Error) -> None:
        log.error("not_committed", exc_info=error, extra={"what": self._name, "rows": len(items)})
        await self.close()
