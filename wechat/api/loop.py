"""The views for frequent calls, which are answered in the event loop.

A ``LoopView`` is a ``BusinessView`` whose POST is asynchronous. It makes the same checks in the same order,
and waits twice: for the admission, and in the view for the commit. ``config.asgi`` passes POSTs of its path
here, past Django's handler; under any other server the view starts an event loop for each call.
"""

import contextvars
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn, TypeVar

import psycopg
from asgiref.sync import async_to_sync
from django.core.exceptions import RequestDataTooBig
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import get_language, override
from rest_framework.exceptions import APIException
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from wechat.api import idempotency
from wechat.api.admission import Admission, AdmissionRequest, admit, is_full
from wechat.api.authentication import nonce_reused, refusals_logged, verified
from wechat.api.errors import unavailable
from wechat.api.idempotency import AnsweredBefore
from wechat.api.limits import Bucket
from wechat.api.views import BusinessView, fingerprint
from wechat.kernel import overload, versioned_cache
from wechat.kernel.batches import Full, NotDone
from wechat.kernel.thread_offload import ThreadOffload

T = TypeVar("T")

RENDERER = JSONRenderer()
USUAL = ("*/*", RENDERER.media_type)

BUILD_SECONDS = 3
THREAD_SECONDS = 5.0

_threads = ThreadOffload("api", 4)


class LoopView(BusinessView):
    """The base of views whose POST is answered in the event loop.

    ``post`` keeps its answer itself, by ``idempotency_key`` and ``fingerprint``, see ``one_statement``.
    """

    # Django would have all methods of a kind.
    view_is_async = False
    format_kwarg = None
    idempotency_key = fingerprint = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST":
            return async_to_sync(self.dispatch_in_loop)(request, *args, **kwargs)
        return super().dispatch(request, *args, **kwargs)

    async def dispatch_in_loop(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Does what REST framework's ``dispatch`` does, but waits for the handler."""
        self.args, self.kwargs, self.headers = args, kwargs, {}
        self.request = drf_request = self.initialize_request(request, *args, **kwargs)
        try:
            await self.begin(drf_request)
            response = await self.post(drf_request, *args, **kwargs)  # type: ignore[attr-defined]  # of the view
        except Full:
            overload.note("api")
            response = self.handle_exception(unavailable())
        except (NotDone, psycopg.Error):
            response = self.handle_exception(unavailable())
        except (APIException, AnsweredBefore, RequestDataTooBig, Http404) as error:
            response = self.handle_exception(error)
        self.response = self.finalize_response(drf_request, response, *args, **kwargs)
        if isinstance(self.response, Response):
            # Elsewhere Django's handler does so.
            self.response.render()
        return self.response

    async def begin(self, request: Request) -> None:
        """Admits a call, as REST framework's ``initial`` does.

        Raises refusals, and ``Full`` while too many calls wait.
        """
        if is_full():
            raise Full
        await _build()
        request.accepted_renderer, request.accepted_media_type = self._renderer(request)
        admission = await self._admitted(request)
        self.check_permissions(request)
        if admission.wait:
            self.throttled(request, admission.wait)
        self.check_query(request)
        self.settle(request)
        self.idempotency_key = request.META.get("HTTP_IDEMPOTENCY_KEY", "")
        idempotency.check_key(self.idempotency_key)
        self.key = f"{self.client.pk}:{self.idempotency_key}"
        self.fingerprint = fingerprint(request)

    def _renderer(self, request: Request) -> tuple[BaseRenderer, str]:
        """Returns the only renderer; negotiates only if the request accepts another type."""
        if request.META.get("HTTP_ACCEPT", "*/*") in USUAL and not request.META.get("QUERY_STRING"):
            return RENDERER, RENDERER.media_type
        return self.perform_content_negotiation(request)

    async def _admitted(self, request: Request) -> Admission:
        with refusals_logged(request):
            entry, nonce = verified(request)
            may = self.scopes.get("POST") in entry.scopes
            admission = await admit(AdmissionRequest(nonce, Bucket.of(entry.client) if may else None))
            if not admission.is_first_use:
                raise nonce_reused()
        request.user, request.auth = entry.client, entry  # type: ignore[assignment]  # a client is our user
        if entry.client.is_use_to_note():
            await in_thread(entry.client.note_use)
        return admission

    async def refuse(self, refusal: APIException) -> NoReturn:
        """Raises the refusal, unless this request was carried out before, when it was still valid."""
        await in_thread(idempotency.check_free, self.client, self.idempotency_key, self.fingerprint)
        raise refusal


async def in_thread(function: Callable[..., T], *args: object) -> T:
    """Calls the function in a thread, in this request's language. Raises ``ApiRefusal`` after a while."""
    called = partial(_in_language, get_language(), function, *args)
    try:
        return await _threads.run(THREAD_SECONDS, partial(contextvars.copy_context().run, called))
    except (Error, TimeoutError):
        raise unavailable() from None


def _in_language(language: str | None, function: Callable[..., T], *args: object) -> T:
    """Calls the function in that language, which a thread does not take over with the context."""
    with override(language):
        return function(*args)


async def _build() -> None:
    """Builds the caches that the loop reads, if needed. Raises ``ApiRefusal`` if they cannot be built."""
    if versioned_cache.all_built():
        return
    try:
        await versioned_cache.build_all(BUILD_SECONDS)
    except (Error, TimeoutError):
        raise unavailable() from None
