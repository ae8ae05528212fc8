"""The ASGI application: callbacks and health in the event loop, Django's own pages in threads beside it.

A callback waits for one thing only, the commit it shares with others, so the loop carries as many as come.
Pages are synchronous code over the ORM: each runs from its first to its last byte in one thread, as under
any WSGI server, and no more of them at a time than ``WEB_THREADS``.
"""

import asyncio
import contextvars
import gc
import os
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from asgiref.sync import ThreadSensitiveContext
from asgiref.wsgi import WsgiToAsgi
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_application = get_wsgi_application()

from django.conf import settings  # noqa: E402

from config import health  # noqa: E402
from wechat.inbox.asgi import callback_application, callback_slug  # noqa: E402

places = asyncio.Semaphore(settings.WEB_THREADS)


async def application(scope: Any, receive: Any, send: Any) -> None:
    slug = callback_slug(scope["path"]) if scope["type"] == "http" else None
    if slug is not None:
        await callback_application(scope, receive, send, slug)
        return
    if scope["type"] == "http" and scope["path"] in health.PATHS:
        await health.health_application(scope, receive, send)
        return

    clean = contextvars.copy_context()

    async def answer(message: Any) -> None:
        # Not in the adapter's context: the server would read the connection's next request in it, and find
        # a thread that has ended.
        await asyncio.create_task(send(message), context=clean)

    async with places, ThreadSensitiveContext():
        await pages(scope, receive, answer)


def _closing(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterator[bytes]:
    """Django gives connections back when its response is closed, which the adapter leaves out."""
    try:
        answered = django_application(environ, start_response)
    except BaseException:
        # There is no response to close.
        close_old_connections()
        raise
    with closing(answered) as response:
        yield from response


pages = WsgiToAsgi(_closing)  # type: ignore[no-untyped-call]  # asgiref leaves it untyped

# What is loaded by now stays: the collector need not look at it again with every few hundred callbacks.
gc.collect()
gc.freeze()
