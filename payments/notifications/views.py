"""The view for WeChat Pay's notifications: they are verified, decrypted, applied, kept and answered.

The signature is a DRF authentication class over the raw body. There is no parser class, because the body must
not be parsed before it is verified. After every refusal WeChat Pay tries again, up to 15 times within 24
hours.

WeChat Pay reference 2.2, 5.4, 5.5.
"""

import logging
import time
from typing import Any, cast

from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework import status
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, NotFound
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView
from structlog import contextvars

from payments.merchants import certificates, directory
from payments.merchants.directory import MerchantUnusable
from payments.merchants.models import Merchant
from payments.notifications import handling
from wechat.kernel import metrics
from wechat.kernel.http_errors import TooLarge, Unavailable
from wechat.sdk.pay import v2, v2_notifications
from wechat.sdk.pay.errors import NotGenuine, NotUnderstood, Unsealable
from wechat.sdk.pay.notifications import LONGEST_BODY, OpenedNotification, open_notification
from wechat.sdk.pay.v2_client import V2Keys
from wechat.sdk.pay.verifying import is_probe

log = logging.getLogger(__name__)
XML = "text/xml; charset=utf-8"
RENDERER = JSONRenderer()


class NotificationRefused(APIException):
    status_code = status.HTTP_401_UNAUTHORIZED
    default_detail = "Refused."


class PlatformSignature(BaseAuthentication):
    """The authentication by signature: WeChat Pay sends this, to this merchant, now.

    ``request.auth`` becomes the opened notification, or ``None`` if a genuine one cannot be read.
    """

    def authenticate(self, request: Request) -> tuple[Merchant, OpenedNotification | None]:
        body = _body(request)
        try:
            entry = directory.find(request.parser_context["kwargs"]["merchant"])
        except MerchantUnusable:
            # A fault of ours: WeChat Pay shall try again, and the doctor says what is wrong.
            raise Unavailable from None
        if entry is None:
            raise NotFound
        if entry.v2 is not None and v2_notifications.is_ours(body):
            return entry.merchant, self._older(entry.merchant, entry.v2, body, request)
        try:
            opened = open_notification(
                entry.platform, entry.keys.api_v3_key, request.headers, body, time.time()
            )
        except NotGenuine as error:
            _log_refused(entry.merchant, error.reason, request)
            raise NotificationRefused from None
        except Unsealable:
            _log_refused(entry.merchant, "decrypt", request)
            handling.record_undecryptable(entry.merchant)
            raise NotificationRefused from None
        except NotUnderstood:
            return entry.merchant, None
        return entry.merchant, opened

    def _older(
        self, merchant: Merchant, keys: V2Keys, body: bytes, request: Request
    ) -> OpenedNotification | None:
        """Returns a notification of API v2; ``None`` if a genuine one cannot be read."""
        try:
            return v2_notifications.open_notification(body, keys.key)
        except (NotGenuine, Unsealable) as error:
            _log_refused(merchant, getattr(error, "reason", "v2"), request)
            raise NotificationRefused from None
        except NotUnderstood:
            return None

    def authenticate_header(self, request: Request) -> str:
        return "WECHATPAY2-SHA256-RSA2048"


class Notify(APIView):
    """The endpoints ``/pay/<merchant>/notify/transaction`` and ``…/refund``; the body tells them apart."""

    http_method_names = ["post"]
    authentication_classes = [PlatformSignature]
    parser_classes = []
    renderer_classes = [JSONRenderer]
    permission_classes = []
    throttle_classes = []
    schema = None

    def post(self, request: Request, merchant: str) -> HttpResponseBase:
        body = request._request.body  # noqa: SLF001 - as it came, and already verified
        sender = cast(Merchant, request.user)
        contextvars.bind_contextvars(merchant=merchant)
        if request.auth is None:
            handling.keep_unreadable(sender, body)
        else:
            handling.receive(sender, cast(OpenedNotification, request.auth), body)
        if v2_notifications.is_ours(body):
            return HttpResponse(v2.ACCEPTED, content_type=XML)
        return HttpResponse(status=status.HTTP_204_NO_CONTENT, content_type=RENDERER.media_type)

    def handle_exception(self, exc: Exception) -> Any:
        """Returns the refusal in the format that WeChat Pay expects (reference 5.5, 8.3)."""
        if isinstance(exc, Error):
            log.error("notification_not_kept", extra={"merchant": self.kwargs["merchant"]}, exc_info=exc)
            exc = Unavailable()
        response = super().handle_exception(exc)
        sent = self.request._request  # noqa: SLF001 - the body as it came
        if not isinstance(exc, TooLarge) and v2_notifications.is_ours(sent.body):
            return HttpResponse(v2_notifications.DECLINED, content_type=XML, status=response.status_code)
        response.data = {"code": "FAIL", "message": str(getattr(exc, "detail", ""))}
        return response

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[BaseRenderer, str]:
        """Returns the only renderer, whatever the request accepts."""
        return RENDERER, RENDERER.media_type

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        return Request(
            request,
            authenticators=[PlatformSignature()],
            parser_context={"kwargs": kwargs, "view": self},
        )


def _body(request: Request) -> bytes:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > LONGEST_BODY:
        raise TooLarge
    return request._request.body  # noqa: SLF001 - the bytes as they came


def _log_refused(merchant: Merchant, reason: str, request: Request) -> None:
    """Logs a refused notification; signature probes are meant to fail and cause no alarm."""
    metrics.REFUSED.labels(merchant.slug, reason).inc()
    probe = is_probe(request.headers)
    level = logging.INFO if probe else logging.WARNING
    log.log(
        level, "notification_refused", extra={"merchant": merchant.slug, "reason": reason, "probe": probe}
    )
    if reason == "serial":
        certificates.refresh_soon(merchant)
