"""The simulator of the conformance tests, with the account and the merchant for the clients."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from simulator.ports import free_port

APPID, MINI = "wx7d4e1f90ab23c586", "wx3c5e7a9b1d2f4068"
MCHID, OTHER_MCHID = "1900000109", "1900000110"
SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - of the simulator
OPENID, OTHER = "oQc7a6KfXn2tR9vLw0Yp3dUbHs1M", "oQc7a6KfXn2tR9vLw0Yp3dUbHs2N"
KEY = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Environment:
    base: str
    tls_port: int
    ca: Path

    def control(self, path: str, body: dict[str, Any]) -> Any:
        answer = requests.post(f"{self.base}/_sim{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def prepare(self) -> None:
        """Creates a mini program, and a service account with two followers, one with an open window."""
        self.control("/reset", {})
        self.control("/settings", {"result_event_delay": 0})
        owner = {"secret": SECRET, "original_id": "gh_5c1e07ab93d2", "token": "QingchengFitToken01"}
        self.control("/accounts", {"appid": APPID, **owner, "name": "青橙健身"})
        self.control("/accounts", {"appid": MINI, **owner, "kind": "miniprogram"})
        for appid in (APPID, MINI):
            self.control(f"/accounts/{appid}/followers", {"openids": [OPENID, OTHER]})
            self.control(f"/accounts/{appid}/events/{OPENID}", {"type": "text", "attempts": 1})

    def merchant(self) -> Path:
        """Creates two merchants; returns a file with the keys of one of them and of the platform."""
        given = {"mchid": MCHID, "appids": [APPID], "apiv3_key": KEY, "v2_key": KEY, "balance": 1_000_000}
        merchant = self.control("/merchants", {**given, "key_mode": "certificate"})
        path = Path(tempfile.mkdtemp(dir=self.ca.parent)) / "merchant.json"
        self.control("/merchants", {"mchid": OTHER_MCHID, "appids": [APPID]})
        more = {"apiv3_key": KEY, "v2_key": KEY, "openid": OPENID, "other_mchid": OTHER_MCHID}
        path.write_text(json.dumps({**merchant, **more}))
        return path


@contextmanager
def running_environment(folder: Path) -> Iterator[Environment]:
    """Runs a separate simulator, with https and WeChat's host names in its answers."""
    port, tls_port = free_port(), free_port()
    options = [
        "--port",
        str(port),
        "--tls",
        str(folder),
        "--tls-port",
        str(tls_port),
        "--public-url",
        "wechat",
    ]
    running = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "simulator", *options], stdout=subprocess.DEVNULL
    )
    here = Environment(f"http://127.0.0.1:{port}", tls_port, folder / "ca.pem")
    try:
        wait_for(here.base)
        yield here
    finally:
        running.terminate()
        running.wait(15)


def wait_for(base: str) -> None:
    for _ in range(600):
        try:
            requests.get(f"{base}/_sim/health", timeout=5)
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the simulator does not start")
