"""The view of callbacks: it verifies, opens, answers and records what the platform pushes.

It is a DRF view: the signature is an authentication class, the envelope with its XML or JSON a parser class,
the sealed reply a renderer class. They have no state, so one instance of each serves all requests. Features
of DRF without a meaning here (negotiation, versions, throttles, permissions) are left out.

It has no route in Django: ``config.asgi`` passes callback paths here before Django's handler (``asgi.py`` in
this package is the adapter). A signed call between servers has no session, language, CSRF token or host to
check. Django's asynchronous handler would run the middleware of all other pages around it, in a thread; that
costs more than the whole callback. In the event loop one process handles any number of callbacks that wait
for their shared commit.

Reference: WeChat reference 1.2 GET verification, 1.3 POST pushes, 1.5 The five-second rule.
"""

import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import IO, Any, ClassVar, cast

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from prometheus_client import Counter
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, NotFound, ParseError, PermissionDenied
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.official import directory
from accounts.official.checkup import OWN_ECHO
from accounts.official.models import OfficialAccount
from wechat.inbox import refusals, unknown_addresses
from wechat.inbox.receiving import NotRecorded, receive, receive_malformed
from wechat.kernel import metrics, versioned_cache
from wechat.kernel.http_errors import TooLarge, Unavailable
from wechat.sdk.content import Content, to_passive
from wechat.sdk.envelope import MAX_BODY, Mode, Opened, open_envelope, seal, verify_query
from wechat.sdk.errors import EnvelopeError, MalformedMessage
from wechat.sdk.messages import Message, parse

log = logging.getLogger(__name__)

BUILD_SECONDS = 3


@dataclass(frozen=True, slots=True)
class VerifiedPush:
    """A verified push; ``message`` is ``None`` if its text cannot be parsed."""

    opened: Opened
    message: Message | None


@dataclass(frozen=True, slots=True)
class PassiveReply:
    delivery: VerifiedPush
    content: Content


class Signature(BaseAuthentication):
    """The authentication by signature: the platform sends this, to one of our accounts, now.

    Checks ``signature`` in plain mode and for the GET verification. In the encrypted modes ``Envelope``
    checks ``msg_signature``, and ``signature`` too if it is present.
    """

    def authenticate(self, request: Request) -> tuple[OfficialAccount, directory.CachedAccount]:
        slug = request.parser_context["kwargs"]["slug"]
        entry = directory.find(slug)
        if entry is None:
            unknown_addresses.note(slug, request.query_params)
            raise NotFound
        try:
            keys = entry.keys()
        except directory.KeysUnusable:
            # A fault on our side: WeChat should try again, and the doctor says what is wrong.
            _count(slug, "unavailable")
            raise Unavailable from None
        query = request.query_params
        try:
            if request.method == "GET" or keys.mode is Mode.PLAIN:
                verify_query(keys, query, time.time())
        except EnvelopeError as error:
            raise _refused(entry.account, error) from None
        return entry.account, entry


class Envelope(BaseParser):
    """The parser of bodies: it opens XML or JSON with the account's keys in its mode, and parses it."""

    media_type = "*/*"

    def parse(  # type: ignore[override]  # the stubs allow only forms and mappings
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> VerifiedPush:
        assert parser_context is not None
        request: Request = parser_context["request"]
        body = stream.read(MAX_BODY + 1)
        if len(body) > MAX_BODY:
            raise TooLarge
        entry = _entry(request)
        try:
            opened = open_envelope(entry.keys(), request.query_params, body, time.time())
        except EnvelopeError as error:
            raise _refused(entry.account, error) from None
        try:
            return VerifiedPush(opened, parse(opened.body))
        except MalformedMessage:
            return VerifiedPush(opened, None)


ENVELOPE = Envelope()


class SealedReplyRenderer(BaseRenderer):
    """The renderer of passive replies: in the format of the push, and encrypted if the push was."""

    media_type = "text/xml"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if not isinstance(data, PassiveReply):
            return str(data["detail"] if isinstance(data, dict) else data).encode()
        message, opened = data.delivery.message, data.delivery.opened
        assert message is not None
        reply = to_passive(
            data.content,
            to=message.openid,
            sender=message.to,
            # The time of the message, not of now: every delivery of a message gets the same reply.
            at=message.create_time,
            in_json=opened.in_json,
        )
        # The nonce need not be secret, because the signature covers the sealed reply. Secret random bytes
        # from the system would cost more than the rest of the envelope.
        nonce = f"{random.getrandbits(64):016x}"
        return seal(opened, reply, int(time.time()), nonce)


class OnlyOne(BaseContentNegotiation):
    """The negotiation that always chooses the only parser and the only renderer."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class EnvelopeRequest(Request):
    """A DRF request whose body is always parsed by ``Envelope``, whatever its headers say."""

    def __init__(self, request: HttpRequest, **plug_points: Any) -> None:
        super().__init__(request, **plug_points)
        # Saves the failed attribute look-up that DRF makes before it asks Django's request.
        self.method, self.META = request.method, request.META

    @cached_property
    def data(self) -> VerifiedPush:  # type: ignore[override]  # what the parser makes of it
        return ENVELOPE.parse(cast(IO[Any], self._request), None, self.parser_context)

    def release(self) -> None:
        """Breaks the reference cycle between request and context, so that no garbage collection is needed."""
        self.parser_context.clear()


class Callback(APIView):
    """Takes pushes and answers them, at ``/wechat/<slug>/callback``."""

    http_method_names = ["get", "post"]
    authentication_classes = [Signature]
    parser_classes = [Envelope]
    renderer_classes = [SealedReplyRenderer]
    content_negotiation_class = OnlyOne
    permission_classes = []
    throttle_classes = []
    schema = None

    signature = Signature()
    plug_points: ClassVar[dict[str, Any]] = {
        "parsers": [ENVELOPE],
        "authenticators": [signature],
        "negotiator": OnlyOne(),
    }
    renderer = SealedReplyRenderer()

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> EnvelopeRequest:
        return EnvelopeRequest(request, parser_context={"kwargs": kwargs}, **self.plug_points)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # DRF would try several authenticators. Here is one; the account takes the place of the user.
        request.user, request.auth = self.signature.authenticate(request)  # type: ignore[assignment]  # not a user

    def finalize_response(  # type: ignore[override]  # handlers return Django's own responses
        self, request: Any, response: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Renders errors; the answers of handlers are rendered already."""
        if isinstance(response, Response):
            response.accepted_renderer = self.renderer
            response.accepted_media_type = self.renderer.media_type
            response.renderer_context = {}  # type: ignore[attr-defined]  # as DRF does
            response.render()
        return cast(HttpResponse, response)

    async def dispatch(  # type: ignore[override]  # awaited, as DRF has no asynchronous view
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Does what DRF's ``dispatch`` does, but waits for the handler."""
        self.args, self.kwargs, self.headers = args, kwargs, {}
        self.request = drf_request = self.initialize_request(request, *args, **kwargs)
        try:
            if not versioned_cache.all_built():
                await self.settle()
            self.initial(drf_request, *args, **kwargs)
            response = await self.handler()(drf_request, *args, **kwargs)
        except APIException as error:
            response = self.handle_exception(error)
        finally:
            drf_request.release()
        return self.finalize_response(drf_request, response, *args, **kwargs)

    def handler(self) -> Callable[..., Awaitable[HttpResponse]]:
        name = str(self.request.method).lower()
        found = getattr(self, name) if name in self.http_method_names else self.http_method_not_allowed
        return cast("Callable[..., Awaitable[HttpResponse]]", found)

    async def settle(self) -> None:
        """Builds the caches that the loop reads. Raises ``Unavailable`` if that takes too long."""
        try:
            await versioned_cache.build_all(BUILD_SECONDS)
        except (Error, TimeoutError):
            raise Unavailable from None

    async def get(self, request: Request, slug: str) -> HttpResponse:
        """Answers the verification that the platform sends when the callback address is saved there."""
        echo = request.query_params.get("echostr", "")
        if not echo:
            raise ParseError("echostr is missing.")
        _count(slug, "verified")
        if echo != OWN_ECHO:
            refusals.note_verified(_entry(request).account.pk)
        return _text(echo)

    async def post(self, request: Request, slug: str) -> HttpResponse:
        began = time.perf_counter()
        delivery = _delivered(request)
        try:
            content = await _content(_entry(request).account, delivery)
        except NotRecorded:
            _count(slug, "unavailable")
            raise Unavailable from None
        finally:
            metrics.ANSWER_SECONDS.observe(time.perf_counter() - began)
        _count(slug, "answered" if content else "accepted")
        if content is None:
            return _text("success")
        form = "application/json" if delivery.opened.in_json else self.renderer.media_type
        return HttpResponse(
            self.renderer.render(PassiveReply(delivery, content)), content_type=f"{form}; charset=utf-8"
        )


def _count(slug: str, outcome: str) -> None:
    _counter(slug, outcome).inc()


@cache
def _counter(slug: str, outcome: str) -> Counter:
    """Returns the counter of an account's callbacks with this outcome.

    Slugs without an account never get here, so the number of counters is limited.
    """
    return metrics.CALLBACKS.labels(slug, outcome)


def _delivered(request: Request) -> VerifiedPush:
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if length > MAX_BODY:
        raise TooLarge
    if not length:
        raise _refused(_entry(request).account, EnvelopeError("missing"))
    return cast(VerifiedPush, request.data)


def _entry(request: Request) -> directory.CachedAccount:
    """Returns the account's directory entry, which ``Signature`` put in the place of DRF's token."""
    return cast(directory.CachedAccount, request.auth)


async def _content(account: OfficialAccount, delivery: VerifiedPush) -> Content | None:
    if delivery.message is None:
        await receive_malformed(account, delivery.opened.body)
        return None
    return await receive(account, delivery.message, delivery.opened.body)


def _text(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="text/plain", headers={"X-Content-Type-Options": "nosniff"})


def _refused(account: OfficialAccount, error: EnvelopeError) -> PermissionDenied:
    metrics.REFUSED.labels(account.slug, error.reason).inc()
    refusals.note(account.pk, error.reason)
    log.info("callback_refused", extra={"account": account.slug, "reason": error.reason})
    return PermissionDenied("Refused.")
