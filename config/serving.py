"""The adapter between Django and the ASGI server: pages run in threads, frequent API calls in the event loop.

A page starts when its request is complete. One thread computes the whole response, as under a WSGI server,
and is free again before the response is sent. So a slow client never occupies a thread.
"""

import asyncio
import contextvars
import logging
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import structlog
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import connections
from django.http import HttpResponse, JsonResponse
from django.utils import translation

from config.outages import Away, finished, send_answer
from config.request_checks import Body, RequestRefused, read, refuse
from config.request_log import LINE, take_over_bound
from wechat.api.loop import LoopView
from wechat.kernel import overload
from wechat.kernel.addresses import client_address
from wechat.kernel.bodies import Receive, SenderGone
from wechat.kernel.disk import TemporaryContent
from wechat.kernel.responses import Send, send_response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

log = logging.getLogger(__name__)

IN_MEMORY = 256 * 1024
PIECE = 64 * 1024
# A client that takes no piece for so long is considered gone, even if its connection is still open.
PATIENCE_SECONDS = 60
# WeChat Pay waits for five seconds and then repeats. The first is how long a notification waits for a thread,
# the second how long for its answer.
THREAD_SECONDS, ANSWER_SECONDS = 1.5, 4.0
WITHOUT_CONTENT = frozenset({204, 304})
# What Django's middleware adds to the responses of pages.
NO_SNIFFING = "nosniff"


class PageResponse:
    """The response of a page; a small one is kept in memory, a large one in a temporary file."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.file = TemporaryContent(IN_MEMORY)

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        """Keeps status and headers, as the ``start_response`` of WSGI."""
        self.status = int(status.split(" ", 1)[0])
        self.headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return self.file.write

    async def send(self, send: Send) -> None:
        """Sends the response. Raises ``TimeoutError`` after ``PATIENCE_SECONDS`` without progress."""
        headers = [*self.headers]
        if self.status not in WITHOUT_CONTENT and all(name != b"content-length" for name, _ in headers):
            headers.append((b"content-length", b"%d" % self.file.tell()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        self.file.seek(0)
        while piece := self.file.read(PIECE):
            message = {"type": "http.response.body", "body": piece, "more_body": True}
            await asyncio.wait_for(send(message), PATIENCE_SECONDS)
        await asyncio.wait_for(send({"type": "http.response.body"}), PATIENCE_SECONDS)


class Loop:
    """An ASGI application for a view that answers in the event loop, without a thread.

    It runs no middleware: a signed call needs no sessions, cookies or protection of frames.
    """

    def __init__(self, view: type[LoopView]) -> None:
        self._view = view

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        with closing(Body()) as body:
            try:
                await read(scope, receive, body)
            except RequestRefused as refused:
                await refuse(refused.status, scope, send)
            except SenderGone:
                return
            else:
                response = await self._answered(WSGIRequest(environ_of(scope, body)))
                response["X-Content-Type-Options"] = NO_SNIFFING
                await send_response(response, send)

    async def _answered(self, request: WSGIRequest) -> HttpResponse:
        # Each request has its own task, and with it its own log context.
        structlog.contextvars.bind_contextvars(ip=client_address(request))
        if "HTTP_ACCEPT_LANGUAGE" in request.META or "HTTP_COOKIE" in request.META:
            translation.activate(translation.get_language_from_request(request))
        try:
            return await self._view().dispatch_in_loop(request)
        except Exception:
            log.exception("call_failed", extra={"path": request.path})
            return HttpResponse(status=500)
        finally:
            line = request.META[LINE]
            line["path"] = request.path
            take_over_bound(line)


class Pages:
    """An ASGI application that runs Django in at most ``most`` threads at a time."""

    def __init__(self, application: WSGIHandler, most: int) -> None:
        self._application = application
        self._threads = ThreadPoolExecutor(most, thread_name_prefix="pages")

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"{scope['type']} is not spoken here")
        try:
            answer = await self._answered(scope, receive)
        except RequestRefused as refused:
            await refuse(refused.status, scope, send)
        except Away as away:
            await send_answer(scope["path"], away.service, send)
        except TimeoutError:
            overload.note("payments")
            message = {"code": "FAIL", "message": "Try again."}
            refusal = JsonResponse(message, status=503, headers={"X-Content-Type-Options": NO_SNIFFING})
            await send_response(refusal, send)
        except SenderGone:
            return
        else:
            with closing(answer.file):
                await answer.send(send)

    async def _answered(self, scope: Any, receive: Receive) -> PageResponse:
        body = Body()
        try:
            await read(scope, receive, body)
        except BaseException:
            body.close()
            raise
        # A new context, so that nothing of the thread's previous request is visible.
        page = self._threads.submit(contextvars.Context().run, self._page, environ_of(scope, body))
        # A page that was given up may still run for a while.
        page.add_done_callback(lambda _page: body.close())
        made = asyncio.wrap_future(page)
        is_notification = scope["path"].startswith("/pay/")
        if is_notification:
            # This cancels only a page that has not begun by then.
            asyncio.get_running_loop().call_later(THREAD_SECONDS, page.cancel)
        try:
            async with asyncio.timeout(ANSWER_SECONDS if is_notification else None):
                await finished(made)
        except (Away, TimeoutError):
            made.cancel()
            page.add_done_callback(_discard)
            raise
        if page.cancelled():
            raise TimeoutError("no thread was free")
        return made.result()

    def _page(self, environ: "WSGIEnvironment") -> PageResponse:
        answer = PageResponse()
        try:
            with closing(self._application(environ, answer.start)) as response:
                for piece in response:
                    answer.file.write(piece)
        except BaseException:
            answer.file.close()
            raise
        finally:
            # Django does so when it closes a response, but not every request gets a response from Django.
            connections.close_all()
        return answer


def _discard(page: "Future[PageResponse]") -> None:
    """Closes the response of a page that was given up."""
    if not page.cancelled() and page.exception() is None:
        page.result().file.close()


def environ_of(scope: Any, body: Body) -> "WSGIEnvironment":
    """Returns the WSGI environment of an HTTP request whose body was received (PEP 3333)."""
    server, client = scope.get("server") or ("localhost", 80), scope.get("client") or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or 0),
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body.file,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        LINE: scope.get(LINE, {}),
        **_headers_of(scope),
        # A chunked body came without a Content-Length.
        "CONTENT_LENGTH": str(body.size),
    }
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
    environ.pop("HTTP_CONTENT_LENGTH", None)
    return environ


def _headers_of(scope: Any) -> dict[str, str]:
    """Returns the headers by their names in WSGI; several of one name are joined by commas."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        # For WSGI ``X_Forwarded_For`` looks like ``X-Forwarded-For``, which the proxy controls.
        if b"_" in name:
            continue
        key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
        text = value.decode("latin-1")
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    return headers
