"""The WSGI application: Django's, with a short way in for the platform's callbacks.

Sessions, languages, CSRF and sign-in have nothing to say about a signed server-to-server request, and
together with the signals around every request they cost more than the protocol work.
"""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_application = get_wsgi_application()

from wechat.inbox.entrance import callback_application, callback_slug  # noqa: E402


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    slug = callback_slug(environ["PATH_INFO"])
    if slug is None:
        return django_application(environ, start_response)
    return callback_application(environ, start_response, slug)
