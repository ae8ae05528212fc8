"""The ASGI application: it answers callbacks, pushes and health checks in the event loop, and Django's pages
in threads.

A callback only waits for the commit that it shares with others, so one event loop carries any number of them.
Pages are synchronous code over the ORM, so they run in threads (``config.serving``), at most ``WEB_THREADS``
at a time.
"""

import gc
import os
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_application = get_wsgi_application()

from django.conf import settings  # noqa: E402

from config import health, metrics, telemetry  # noqa: E402
from config.request_log import lines_of_callbacks, one_line_each  # noqa: E402
from config.serving import Loop, Pages  # noqa: E402
from wechat.inbox.asgi import callback_application, callback_slug  # noqa: E402
from wechat.pushes.api import Pushes  # noqa: E402

# How many new objects make the garbage collector run; Python's default is 700.
OBJECTS_BETWEEN_LOOKS = 20_000

telemetry.start("wechat-console-web")
pages = Pages(django_application, settings.WEB_THREADS)
posts = {"/api/v1/push": Loop(Pushes)}


async def application(scope: Any, receive: Any, send: Any) -> None:
    slug = callback_slug(scope["path"]) if scope["type"] == "http" else None
    if slug is not None:
        await callbacks(scope, receive, send, slug)
    else:
        await others(scope, receive, send)


callbacks = lines_of_callbacks(callback_application, settings.CALLBACK_LINES_PER_SECOND)


@one_line_each
async def others(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http" and scope["path"] in health.PATHS:
        await health.health_application(scope, receive, send)
        return
    if scope["type"] == "http" and scope["path"] == metrics.PATH:
        await metrics.metrics_application(scope, receive, send)
        return
    if scope["type"] == "http" and scope["method"] == "POST" and _is_secure(scope):
        await posts.get(scope["path"], pages)(scope, receive, send)
        return
    await pages(scope, receive, send)


def _is_secure(scope: Any) -> bool:
    """Returns whether a request came over HTTPS, or need not; Django redirects all other requests."""
    return not settings.SECURE_SSL_REDIRECT or (b"x-forwarded-proto", b"https") in scope["headers"]


# Everything loaded by now stays for the life of the process, so the garbage collector need not examine it
# again. It also runs less often, because reference counting frees nearly all that a callback creates.
gc.collect()
gc.freeze()
gc.set_threshold(OBJECTS_BETWEEN_LOOKS)
