"""The browser inside WeChat: ``http://<person>.localhost:<port>/…`` shows the account's pages as that person.

It is a reverse proxy, so that each person has separate cookies, kept here, and a separate origin in the real
browser. URLs of the account's server are replaced by URLs of this server in responses, and back in requests.
The scripts in ``SCRIPTS`` run in every page, before its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import requests
from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Host, Route

from simulator import authorization_pages, consent, jssdk
from simulator.component_push import ComponentPusher
from simulator.world import World

JS = Path(__file__).parent / "static" / "js"
SCRIPTS: list[Path] = [JS / "inside.js", JS / "bridge.js"]

USER_AGENT = (
    "Mozilla/5.0 (Linux; Android 14; Simulator) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/126.0.0.0 Mobile Safari/537.36 MMWEBID/1 MicroMessenger/8.0.50.2701(0x28003255) WeChat/arm64 "
    "Weixin NetType/WIFI Language/zh_CN ABI/arm64"
)
PERSON = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
NOT_PASSED_ON = frozenset(
    {"host", "cookie", "user-agent", "content-length", "accept-encoding", "connection", "keep-alive"}
)
NOT_PASSED_BACK = frozenset(
    {
        "set-cookie", "content-length", "content-encoding", "transfer-encoding", "connection", "keep-alive",
        "x-frame-options", "content-security-policy", "cross-origin-opener-policy", "location",
        "strict-transport-security", "date", "server",
    }
)  # fmt: skip
TEXTS = ("text/html", "application/json", "text/javascript", "application/javascript")
PLATFORM, PLATFORM_PAGES = "https://open.weixin.qq.com", "https://mp.weixin.qq.com"
# The paths of the platform's own pages at mp.weixin.qq.com that phones open.
OWN_PAGES = ("/mp/", "/safe/", "/cgi-bin/componentloginpage")
TIMEOUT = 15.0


def cookie_jar() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers.clear()
    return session


@dataclass(slots=True)
class Browser:
    """The browser of one person: its current server, and its cookies."""

    origin: str = ""
    session: requests.Session = field(default_factory=cookie_jar)


class Browsers:
    """The browsers of all people, which a reset deletes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._of: object = None
        self._browsers: dict[str, Browser] = {}

    def of(self, person: str) -> Browser:
        if self._of is not self.world.state:
            self._of, self._browsers = self.world.state, {}
        return self._browsers.setdefault(person, Browser(next(iter(self.origins()), "")))

    def origins(self) -> Iterable[str]:
        """Returns the origins of the servers of all accounts and components."""
        state = self.world.state
        urls = [each.callback_url for each in state.accounts.values()]
        urls += [each.callback_url for each in state.components.values()]
        return dict.fromkeys(origin_of(url) for url in urls if url)

    def is_allowed(self, url: str) -> bool:
        """Returns whether a URL is in a login domain of an account or a component."""
        state = self.world.state
        return any(each.authorises(url) for each in state.accounts.values()) or any(
            each.allows(url) for each in state.components.values()
        )

    def path_to(self, person: str, url: str) -> str | None:
        """Returns the path of a page in this person's webview; None for pages of other servers."""
        origin = origin_of(url)
        inside = url[len(origin) :] or "/"
        addresses = self.world.addresses
        if origin in (addresses.open, PLATFORM) and inside.startswith(("/connect/", "/wxaopen/")):
            return inside
        if origin in (addresses.mp, PLATFORM_PAGES) and inside.startswith(OWN_PAGES):
            return inside
        if origin not in self.origins() and not self.is_allowed(url):
            return None
        self.of(person).origin = origin
        return inside


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request of a page, and its target."""

    request: Request
    browser: Browser
    browsers: Browsers

    @property
    def person(self) -> str:
        return str(self.request.path_params["person"])

    @property
    def own_origin(self) -> str:
        return f"http://{self.request.headers['host']}"

    def to_server(self, text: str) -> str:
        """Returns a text with the webview's URL replaced by the server's, also if it is percent-encoded."""
        there = self.browser.origin
        text = text.replace(self.own_origin, there).replace(
            quote(self.own_origin, safe=""), quote(there, safe="")
        )
        return text.replace(quote(self.own_origin, safe="/"), quote(there, safe="/"))

    def to_webview(self, text: str) -> str:
        return text.replace(self.browser.origin, self.own_origin)

    async def answered(self) -> Response:
        body = await self.request.body()
        try:
            answer = await to_thread.run_sync(self._sent, body)
        except requests.RequestException as error:
            return Response(f"the server does not answer: {type(error).__name__}", 502)
        return self._shown(answer)

    def _sent(self, body: bytes) -> requests.Response:
        request = self.request
        headers = {
            name: self.to_server(value)
            for name, value in request.headers.items()
            if name not in NOT_PASSED_ON and not name.startswith("sec-")
        }
        query = self.to_server(request.scope["query_string"].decode("latin-1"))
        path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
        address = f"{self.browser.origin}{path}" + (f"?{query}" if query else "")
        sent = self.to_server(body.decode("latin-1")).encode("latin-1")
        headers |= {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
        return self.browser.session.request(
            request.method, address, data=sent, headers=headers, timeout=TIMEOUT, allow_redirects=False
        )

    def _shown(self, answer: requests.Response) -> Response:
        kind = answer.headers.get("Content-Type", "")
        content = answer.content
        if kind.startswith(TEXTS):
            content = self.to_webview(content.decode(errors="surrogateescape")).encode(
                errors="surrogateescape"
            )
        if kind.startswith("text/html"):
            content = with_script(content)
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in NOT_PASSED_BACK}
        if there := answer.headers.get("Location"):
            kept["Location"] = self._location(there)
        return Response(content, answer.status_code, kept)

    def _location(self, there: str) -> str:
        if not urlsplit(there).netloc:
            return there
        inside = self.browsers.path_to(self.person, there)
        return there if inside is None else inside


def with_script(page: bytes) -> bytes:
    """Returns the page with the webview's scripts before its own."""
    tag = b'<script src="/.webview/script.js"></script>'
    found = re.search(rb"<head[^>]*>", page, re.IGNORECASE)
    return page[: found.end()] + tag + page[found.end() :] if found else tag + page


def routes(world: World, events: ComponentPusher) -> list[BaseRoute]:
    browsers = Browsers(world)

    async def open_page(request: Request) -> Response:
        """Returns where the frame of a phone finds a page, or that it is a page of others."""
        person, url = request.path_params["person"], str((await request.json()).get("url", ""))
        if not PERSON.fullmatch(person):
            return JSONResponse({"error": "this person's name is no name of a host"}, 400)
        inside = browsers.path_to(person, url)
        port = f":{request.url.port}" if request.url.port else ""
        frame = None if inside is None else f"http://{person}.localhost{port}{inside}"
        return JSONResponse({"frame": frame})

    async def page(request: Request) -> Response:
        browser = browsers.of(request.path_params["person"])
        if not browser.origin:
            return Response("no account has a server yet", 404)
        return await Exchange(request, browser, browsers).answered()

    async def script(request: Request) -> Response:
        origin = json.dumps(browsers.of(request.path_params["person"]).origin)
        parts = [f"window.webviewOrigin = {origin};", *(each.read_text() for each in SCRIPTS)]
        headers = {"Cache-Control": "no-store"}
        return Response("\n".join(parts), media_type="text/javascript", headers=headers)

    pages = Starlette(
        routes=[
            Route("/.webview/script.js", script),
            *jssdk.routes(world),
            *consent.routes(world, browsers.path_to),
            *consent.subscriptions(world, browsers.path_to),
            *authorization_pages.phone_routes(events, browsers.path_to),
            Route("/{path:path}", page, methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
        ]
    )
    return [
        Host("{person}.localhost", pages),
        Route("/phone/{appid}/{person}/open", open_page, methods=["POST"]),
        Route("/connect/oauth2/authorize", consent.elsewhere),
        Route("/connect/qrconnect", consent.website_login),
        Route("/mp/subscribemsg", consent.elsewhere),
        *[Route(path, consent.elsewhere) for path in authorization_pages.BIND_PAGES],
        *authorization_pages.browser_routes(world),
    ]
