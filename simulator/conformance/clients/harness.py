"""The shared code of the Python drivers: flows by name, each reported on its own line."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import WSGIApplication

import requests

BASE, APPID = os.environ["SIMULATOR"], os.environ["APPID"]
SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - of the simulator
MINI = "wx3c5e7a9b1d2f4068"
TOKEN = "QingchengFitToken01"  # noqa: S105 - of the simulator
KEY = "gR7vYp2LmX9cTzK4bNwQ8sHdJ1uEoF6aVxI3yWqZ5tA"
OPENID, OTHER = "oQc7a6KfXn2tR9vLw0Yp3dUbHs1M", "oQc7a6KfXn2tR9vLw0Yp3dUbHs2N"
DAYS = {"begin_date": "2026-02-01", "end_date": "2026-02-01"}
JPG = b"\xff\xd8\xff\xe0" + b"\x00" * 64
FLOWS: list[tuple[str, Callable[[], None]]] = []


def flow(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def register(perform: Callable[[], None]) -> Callable[[], None]:
        FLOWS.append((name, perform))
        return perform

    return register


def control(path: str, body: dict[str, Any] | None = None) -> Any:
    method = "GET" if body is None else "POST"
    answer = requests.request(method, f"{BASE}/_sim{path}", json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()


def run() -> None:
    for name, perform in FLOWS:
        try:
            perform()
            reason = ""
        except Exception as error:  # noqa: BLE001 - whatever a client raises is the reason that is reported
            reason = f"{type(error).__name__}: {error}"[:300]
        print("\x1e" + json.dumps({"flow": name, "reason": reason}, ensure_ascii=False))
        sys.stdout.flush()


def serve(app: WSGIApplication) -> tuple[WSGIServer, str]:
    """Starts a server for callbacks on a free port; returns it and its address."""
    server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}/"


class Quiet(WSGIRequestHandler):
    def log_message(self, *parts: object) -> None:
        pass


def check_callbacks(app: WSGIApplication, mode: str) -> None:
    """Checks that the verification of the URL succeeds, and that the replies to pushes are shown.

    A text, a picture and an event are pushed.
    """
    server, url = serve(app)
    control("/accounts", {"appid": APPID, "callback_url": url, "mode": mode, "aes_key": KEY})
    try:
        assert control(f"/accounts/{APPID}/verify", {})["ok"]
        result = control(f"/accounts/{APPID}/events/{OPENID}", {"type": "text", "content": "在吗"})
        assert result["shown"][0]["content"] == {"content": "听到了:在吗"}, result["attempts"]
        result = control(f"/accounts/{APPID}/events/{OPENID}", {"type": "image"})
        assert [each["msgtype"] for each in result["shown"]] == ["image"], result["attempts"]
        result = control(f"/accounts/{APPID}/events/{OTHER}", {"type": "follow"})
        assert result["shown"][0]["content"] == {"content": "欢迎"}, result["attempts"]
    finally:
        control("/accounts", {"appid": APPID, "callback_url": "", "mode": "plain"})
        server.shutdown()


def counted_day() -> str:
    """Returns the day before yesterday in China, because yesterday's statistics start at eight o'clock."""
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600 - 2 * 86_400))
