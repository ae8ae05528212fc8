"""What the Python drivers share: flows by name, each reported on a line of its own."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import requests

BASE, APPID = os.environ["SIMULATOR"], os.environ["APPID"]
SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - of the simulator
MINI = "wx3c5e7a9b1d2f4068"
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


def yesterday() -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600 - 86_400))
