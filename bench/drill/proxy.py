"""A TCP proxy on the loopback interface that simulates failures of networks and servers.

It runs in its own thread and can be switched from any other::

    with Proxy(5432) as proxy:
        connect("127.0.0.1", proxy.port)
        proxy.switch(Fault.SLOW)
        proxy.switch(None)

A fault concerns existing and new connections. At the end of a fault that leaves connections unusable
(``ENDED_WITH``), the connections that existed during it are cut.
"""

import asyncio
import os
import socket
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

from simulator.ports import free_port

HOST = "127.0.0.1"
SLOW_SECONDS, RESTART_SECONDS = 4.0, 2.0
CHUNK = 1 << 16
# Closing such a socket sends RST instead of FIN.
ABORTIVE = struct.pack("ii", 1, 0)


class Fault(StrEnum):
    """A fault of the connection to a server."""

    DOWN = "down"
    SLOW = "slow"
    HALF_OPEN = "half-open"
    RESET = "reset"
    WRONG_DATA = "wrong data"
    RESTART = "restart"


ENDED_WITH = frozenset({Fault.HALF_OPEN, Fault.WRONG_DATA})


class Proxy:
    """A proxy that listens on ``port`` and forwards to another port of this machine during its block."""

    def __init__(self, target: int, *, slow_seconds: float = SLOW_SECONDS) -> None:
        self.target = target
        self.port = free_port()
        self._slow_seconds = slow_seconds
        self._fault: Fault | None = None
        self._changed = asyncio.Event()
        self._listener: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy {target}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def switch(self, fault: Fault | None) -> None:
        """Starts a fault, or ends the current one (``None``); a restart ends after ``RESTART_SECONDS``."""
        self._run(self._switch(fault))

    def aim(self, target: int, *, cut: bool = True) -> None:
        """Forwards new connections to another port; existing ones are cut, unless ``cut`` is false."""
        self.target = target
        if cut:
            self._loop.call_soon_threadsafe(self._cut)

    def _run(self, what: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(what, self._loop).result()

    async def _switch(self, fault: Fault | None) -> None:
        before, self._fault = self._fault, fault
        self._changed.set()
        self._changed = asyncio.Event()
        if fault in (Fault.DOWN, Fault.RESTART):
            await self._unlisten()
        if fault in (Fault.DOWN, Fault.RESTART, Fault.RESET) or before in ENDED_WITH:
            self._cut()
        if fault == Fault.RESTART:
            await asyncio.sleep(RESTART_SECONDS)
            self._fault = None
        if self._fault != Fault.DOWN:
            await self._listen()

    async def _listen(self) -> None:
        if self._listener is None:
            self._listener = await asyncio.start_server(self._accepted, HOST, self.port)

    async def _unlisten(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def _end(self) -> None:
        await self._unlisten()
        self._cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _cut(self) -> None:
        for each in self._connections:
            reset(each)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        self._connections.add(writer)
        # Only ``_end`` cancels it, and the creator of the task would log the exception.
        with suppress(OSError, asyncio.CancelledError):
            await self._joined(reader, writer)
        self._finish(writer)
        self._tasks.discard(task)

    def _finish(self, writer: asyncio.StreamWriter) -> None:
        """Closes a connection after everything was sent, or as the current fault requires."""
        self._connections.discard(writer)
        if self._fault == Fault.RESET:
            reset(writer)
        writer.close()

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connects a client to the server, and forwards both ways until one of them ends."""
        if self._fault == Fault.RESET:
            return
        while self._fault == Fault.HALF_OPEN:
            # A new connection is accepted but gets no data, until the fault ends and the connection is cut.
            await self._changed.wait()
        if writer.transport.is_closing():
            return
        there, to_there = await asyncio.open_connection(HOST, self.target)
        self._connections.add(to_there)
        ways = [
            asyncio.create_task(self._carry(reader, to_there, spoiled=False)),
            asyncio.create_task(self._carry(there, writer, spoiled=True)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self._finish(to_there)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, spoiled: bool
    ) -> None:
        """Forwards data as the current fault allows; with ``spoiled``, wrong data can replace it."""
        while chunk := await reader.read(CHUNK):
            if self._fault == Fault.SLOW:
                await asyncio.sleep(self._slow_seconds)
            while self._fault == Fault.HALF_OPEN:
                await self._changed.wait()
            writer.write(os.urandom(len(chunk)) if spoiled and self._fault == Fault.WRONG_DATA else chunk)
            await writer.drain()


def reset(writer: asyncio.StreamWriter) -> None:
    """Closes a connection with RST, like a killed server."""
    if not writer.transport.is_closing():
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORTIVE)
        writer.transport.abort()
