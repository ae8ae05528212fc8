"""A client that passes callbacks to the application like a server, and the application on a port."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import uvicorn

from config.asgi import application
from simulator.ports import free_port
from tests.platform import Push
from tests.simulator.conftest import wait_for

PATH = "/wechat/demo/callback"


@dataclass
class Got:
    status_code: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""


async def call(
    path: str, push: Push, method: str = "POST", *, chunk: int = 1 << 20, gone: bool = False
) -> Got:
    """Calls the application as a server does with one request.

    The body is sent in chunks, or with ``gone`` the client disconnects before it.
    """
    got = Got()
    chunks = [push.body[at : at + chunk] for at in range(0, len(push.body), chunk)] or [b""]

    async def receive() -> Any:
        if gone:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

    async def send(event: Any) -> None:
        if event["type"] == "http.response.start":
            got.status_code = event["status"]
            got.headers = {name.decode(): value.decode() for name, value in event["headers"]}
        got.content += event.get("body", b"")

    headers = [(b"host", b"localhost"), (b"content-length", str(len(push.body)).encode())]
    scope = {
        "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": path,
        "root_path": "",
        "query_string": urlencode(push.query).encode(), "headers": headers, "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }  # fmt: skip
    await application(scope, receive, send)
    return got


def run(*calls: Coroutine[Any, Any, Got]) -> list[Got]:
    """Runs all calls concurrently in one event loop."""

    async def together() -> list[Got]:
        return await asyncio.gather(*calls)

    return asyncio.run(together())


def post(push: Push, path: str = PATH) -> Got:
    return run(call(path, push))[0]


@contextmanager
def served() -> Iterator[str]:
    """Serves the application from this process, with the test's changes; yields its base URL."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(application, port=port, lifespan="off", ws="none", log_level="error")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_for(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(60)
