"""The fixtures of the simulator's tests: its process on a loopback port, and an account's server."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from simulator import signing
from simulator.ports import free_port
from tests.programs import CHROMIUM, installed
from tests.simulator.site import Site

# Tests of the page are skipped if no browser is installed.
collect_ignore = [] if installed(*CHROMIUM) else ["test_page.py"]

APPID = "wx7d4e1f90ab23c586"
AES_KEY = "gR7vYp2LmX9cTzK4bNwQ8sHdJ1uEoF6aVxI3yWqZ5tA"
ORIGINAL_ID = "gh_5c1e07ab93d2"
OPENID = "oQc7a6KfXn2tR9vLw0Yp3dUbHs1M"
OWNER = {
    "appid": APPID,
    "secret": "0123456789abcdef0123456789abcdef",
    "token": "QingchengFitToken01",
    "aes_key": AES_KEY,
    "original_id": ORIGINAL_ID,
    "name": "青橙健身",
}


@dataclass
class Simulator:
    """A client of both sides of the simulator: ``sim`` configures it, ``call`` calls the platform's API."""

    base: str
    session: requests.Session = field(default_factory=requests.Session)
    token: str = ""

    def sim(self, path: str, body: dict[str, Any] | None = None, method: str = "POST") -> Any:
        answer = self.session.request(method, f"{self.base}/_sim{path}", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str) -> Any:
        return self.sim(path, method="GET")

    def event(self, openid: str = OPENID, **given: Any) -> Any:
        return self.sim(f"/accounts/{APPID}/events/{openid}", given)

    def get_token(self) -> str:
        query = {"grant_type": "client_credential", "appid": APPID, "secret": OWNER["secret"]}
        self.token = self.session.get(f"{self.base}/cgi-bin/token", params=query, timeout=30).json()[
            "access_token"
        ]
        return self.token

    def call(self, api: str, body: Any = None, *, token: str | None = None, **query: Any) -> Any:
        """Calls an API: GET without a body, POST with one; fetches a token if there is none."""
        used = self.token or self.get_token() if token is None else token
        return self.raw(api, body, access_token=used, **query).json()

    def raw(self, api: str, body: Any = None, **query: Any) -> requests.Response:
        url = f"{self.base}{api}"
        if body is None:
            return self.session.get(url, params=query, timeout=30)
        data = body if isinstance(body, bytes) else utf8(body)
        return self.session.post(url, params=query, data=data, timeout=30)

    def upload(
        self, api: str, name: str, data: bytes, form: dict[str, str] | None = None, **query: Any
    ) -> Any:
        params = {"access_token": self.token or self.get_token(), **query}
        files = {"media": (name, data)}
        return self.session.post(
            f"{self.base}{api}", params=params, files=files, data=form, timeout=30
        ).json()

    def code(self, api: str, body: Any = None, **query: Any) -> int:
        return int(self.call(api, body, **query).get("errcode", 0))

    def say(self, text: str = "你好", openid: str = OPENID) -> int:
        """Sends a customer-service text; returns the errcode."""
        body = {"touser": openid, "msgtype": "text", "text": {"content": text}}
        return self.code("/cgi-bin/message/custom/send", body)

    def received(self, openid: str = OPENID) -> list[tuple[str, str, Any]]:
        entries = self.get(f"/accounts/{APPID}/ledger?openid={openid}")["entries"]
        return [(each["via"], each["msgtype"], each["content"]) for each in entries]


def utf8(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


@pytest.fixture(scope="session")
def process() -> Iterator[str]:
    port = free_port()
    running = subprocess.Popen([sys.executable, "-m", "simulator", "--port", str(port)])
    base = f"http://127.0.0.1:{port}"
    try:
        wait_for(base)
        yield base
    finally:
        running.terminate()
        assert running.wait(60) == 0


def wait_for(base: str) -> None:
    """Waits at most a minute for the simulator: with ``--tls`` it first generates keys, which takes long."""
    for _ in range(600):
        try:
            requests.get(f"{base}/_sim/health", timeout=60)
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the simulator does not start")


@pytest.fixture
def simulator(process: str) -> Simulator:
    """A simulator with a new world and one verified service account."""
    simulator = Simulator(process)
    simulator.sim("/reset")
    simulator.sim("/settings", {"deadline": 60, "repeat_pause": 0, "result_event_delay": 0})
    simulator.sim("/pay/settings", {"notification_deadline": 60})
    simulator.sim("/accounts", OWNER)
    return simulator


@dataclass
class Pushed:
    """A request received by the account's server."""

    method: str
    query: dict[str, str]
    body: bytes
    content_type: str
    path: str = ""


Answerer = Callable[[Pushed], bytes | int | Iterator[bytes]]


class AccountServer(ThreadingHTTPServer):
    """An account's server: records requests and replies with ``answer``, a body, pieces or a status."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), AccountHandler)
        self.pushed: list[Pushed] = []
        self.arrived = threading.Condition()
        self.answer: Answerer = lambda pushed: b"success"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/callback"

    def await_pushes(self, number: int) -> None:
        """Waits until this number of pushes has arrived, whatever their cause."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.pushed) >= number, timeout=60)

    def opened(self, number: int = -1) -> str:
        """Returns the message of one push, decrypted if necessary."""
        body = self.pushed[number].body.decode()
        if "<Encrypt>" not in body:
            return body
        sealed = body.split("<Encrypt><![CDATA[")[1].split("]]>")[0]
        return signing.open_sealed(sealed, AES_KEY, APPID).decode()


class AccountHandler(BaseHTTPRequestHandler):
    server: AccountServer

    def handle_push(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = dict(parse_qsl(urlsplit(self.path).query))
        kind, path = self.headers.get("Content-Type", ""), urlsplit(self.path).path
        pushed = Pushed(self.command, query, body, kind, path)
        with self.server.arrived:
            self.server.pushed.append(pushed)
            self.server.arrived.notify_all()
        answer = self.server.answer(pushed)
        self.send_response(answer if isinstance(answer, int) else 200)
        self.end_headers()
        pieces = [answer] if isinstance(answer, bytes) else [] if isinstance(answer, int) else answer
        with suppress(BrokenPipeError, ConnectionResetError):  # the platform does not wait for late answers
            for piece in pieces:
                self.wfile.write(piece)

    do_GET = handle_push  # noqa: N815
    do_POST = handle_push  # noqa: N815

    def log_message(self, *parts: object) -> None:
        """Logs nothing."""


@pytest.fixture
def server(simulator: Simulator) -> Iterator[AccountServer]:
    """An account's server in plain mode, to which the simulator pushes."""
    server = AccountServer()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    simulator.sim("/accounts", {"appid": APPID, "callback_url": server.url})
    yield server
    server.shutdown()
    server.server_close()


def reply(
    msgtype: str = "text", inner: str = "<Content>hi</Content>", to: str = OPENID, me: str = ORIGINAL_ID
) -> bytes:
    text = f"<xml><ToUserName>{to}</ToUserName><FromUserName>{me}</FromUserName><CreateTime>1</CreateTime>"
    return f"{text}<MsgType>{msgtype}</MsgType>{inner}</xml>".encode()


def sealed_reply(body: bytes, *, token: str = OWNER["token"]) -> bytes:
    sealed = signing.seal(body, AES_KEY, APPID)
    signature = signing.signature(token, "1769907603", "2046688135", sealed)
    return (
        f"<xml><Encrypt>{sealed}</Encrypt><MsgSignature>{signature}</MsgSignature>"
        "<TimeStamp>1769907603</TimeStamp><Nonce>2046688135</Nonce></xml>"
    ).encode()


@pytest.fixture
def site(simulator: Simulator) -> Iterator[Site]:
    site = Site()
    threading.Thread(target=site.serve_forever, daemon=True).start()
    simulator.sim("/accounts", {"appid": APPID, "callback_url": f"{site.base}/wechat/demo/callback"})
    yield site
    site.shutdown()
    site.server_close()
