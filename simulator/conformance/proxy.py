"""A proxy that routes all https hosts to the simulator, so that clients can use WeChat's own host names."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

BLOCK = 65_536


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, asyncio.CancelledError):
        while data := await reader.read(BLOCK):
            writer.write(data)
            await writer.drain()
    writer.close()


class Proxy:
    """A proxy for the method CONNECT only, which is sufficient for https."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.port = 0
        self.running: set[asyncio.Task[None]] = set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self.handle(reader, writer))
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        inner, outer = await asyncio.open_connection("127.0.0.1", self.target_port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(pump(reader, outer), pump(inner, writer))

    async def serve(self, ready: threading.Event, stop: asyncio.Event) -> None:
        server = await asyncio.start_server(self.accept, "127.0.0.1", 0)
        self.port = int(server.sockets[0].getsockname()[1])
        ready.set()
        await stop.wait()
        server.close()
        for task in self.running:
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)
        await server.wait_closed()


@contextlib.contextmanager
def running(target_port: int) -> Iterator[Proxy]:
    proxy, ready = Proxy(target_port), threading.Event()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(proxy.serve(ready, stop),), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
