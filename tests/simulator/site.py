"""An account's web site for WeChat's browser, which answers with the received request."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Site(ThreadingHTTPServer):
    """A web site with ``/page``, ``/go?to=`` (a redirect), and the request itself on all other paths."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Page)
        self.base = f"http://127.0.0.1:{self.server_address[1]}"


class Page(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        payload = {
            "method": self.command,
            "path": self.path,
            "headers": dict(self.headers),
            "body": self.rfile.read(length).decode(),
        }
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        if parts.path == "/go":
            return self.respond(302, b"", Location=query["to"][0])
        if parts.path == "/page":
            page = f"<html><head><title>x</title></head><a href='{self.server.base}/next'>n</a>"
            headers = {"Set-Cookie": "seen=yes; Path=/; HttpOnly; SameSite=Lax", "X-Frame-Options": "DENY"}
            return self.respond(200, page.encode(), **headers, kind="text/html; charset=utf-8")
        return self.respond(200, json.dumps(payload).encode(), kind="application/json")

    do_POST = do_GET  # noqa: N815

    def respond(self, status: int, body: bytes, kind: str = "text/plain", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass
