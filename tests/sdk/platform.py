"""A fake platform on a loopback port, which issues and checks tokens, with answers set by tests."""

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

APPID, SECRET = "wx7d4e1f90ab23c586", "0123456789abcdef0123456789abcdef"
TOKEN_PATHS = ("/cgi-bin/token", "/cgi-bin/stable_token")


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    body: bytes
    content_type: str = "application/json"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def answer(**fields: Any) -> Reply:
    return Reply(json.dumps(fields, ensure_ascii=False).encode())


class Platform:
    """The API of one account. ``routes`` maps paths to answers for calls with a valid token,
    ``open_routes`` to those of calls without one.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.routes: dict[str, Callable[[Request], Reply]] = {}
        self.open_routes: dict[str, Callable[[Request], Reply]] = {}
        self.valid: set[str] = set()
        self.lifetime = 7200
        self.slowness = 0.0
        self.issued = 0
        self.current = ""
        self._guard = threading.Lock()

    def calls(self) -> Counter[str]:
        return Counter(request.path for request in self.requests)

    def forced(self) -> int:
        stable = (request for request in self.requests if request.path == "/cgi-bin/stable_token")
        return sum(json.loads(request.body)["force_refresh"] for request in stable)

    def invalidate(self) -> None:
        """Invalidates the tokens, as by a renewal elsewhere; the next plain token call returns a new one."""
        self.valid.clear()
        self.current = ""

    def handle(self, request: Request) -> Reply:
        with self._guard:
            self.requests.append(request)
        if request.path in self.routes and request.path in TOKEN_PATHS:
            return self.routes[request.path](request)
        if request.path in self.open_routes:
            return self.open_routes[request.path](request)
        if request.path in TOKEN_PATHS:
            return self._token(request)
        if request.query.get("access_token") not in self.valid:
            return answer(errcode=40001, errmsg="invalid credential, access_token is invalid or not latest")
        return self.routes[request.path](request)

    def _token(self, request: Request) -> Reply:
        time.sleep(self.slowness)
        asked = request.query if request.path == "/cgi-bin/token" else json.loads(request.body)
        if (asked.get("appid"), asked.get("secret")) != (APPID, SECRET):
            return answer(errcode=40125, errmsg="invalid appsecret")
        with self._guard:
            if not self.current or request.path == "/cgi-bin/token" or asked.get("force_refresh"):
                self.issued += 1
                self.current = f"98_token-{self.issued}"
                self.valid = {self.current}
            return answer(access_token=self.current, expires_in=self.lifetime)


def _server(platform: Platform) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            address = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = dict(parse_qsl(address.query))
            reply = platform.handle(Request(self.command, address.path, query, dict(self.headers), body))
            if reply.status == 0:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in {"Content-Type": reply.content_type, **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            """Logs nothing: the requests are kept in the platform instead."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def multipart_names(request: Request) -> list[str]:
    return re.findall(r'name="([^"]+)"', request.body.decode("utf-8", "replace"))


@contextmanager
def serving(platform: Platform) -> Iterator[str]:
    """Serves the platform during the block; yields its base URL."""
    server = _server(platform)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
