"""The errors of the API, all of the form ``{"error": {"code": "…", "message": "…"}}``.

``code`` is for programs and never changes; ``message`` is for people. ``error.fields`` names refused fields,
and a refusal by the platform has its ``errcode``.
"""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings

from accounts.official.error_sentences import of_error
from wechat.sdk.errors import ApiError, TransportError, WeChatError

CODES: Mapping[int, str] = {
    400: "invalid", 401: "not_authenticated", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    406: "not_acceptable", 409: "conflict", 413: "too_large", 415: "unsupported_media_type",
    429: "too_many_requests",
}  # fmt: skip


class ApiRefusal(exceptions.APIException):
    """The error for a refused request, with its code; ``more`` is added beside the code."""

    def __init__(self, status_code: int, code: str, message: StrOrPromise, **more: Any) -> None:
        super().__init__(message, code)
        self.status_code = status_code
        self.code = code
        self.more = more


class NotAuthenticated(exceptions.AuthenticationFailed):
    """The error for a caller who is not authenticated (401); ``code`` says why without helping to guess."""

    def __init__(self, code: str, message: StrOrPromise) -> None:
        super().__init__(message, code)
        self.code = code


def unavailable() -> ApiRefusal:
    """Returns the refusal of a call that is right and cannot be answered, by a fault of ours."""
    refusal = ApiRefusal(
        503, "unavailable", _("This cannot be done at the moment; try again with the same key.")
    )
    refusal.wait = 1  # type: ignore[attr-defined]  # as those of REST framework that have one
    return refusal


def answer(raised: Exception, context: Mapping[str, Any]) -> Response | None:
    """Returns the response to an exception, as REST framework's exception handler; ``None`` if unexpected."""
    headers = _headers(raised)
    if isinstance(raised, Http404):
        return _response(404, "not_found", _("There is no such thing."))
    if isinstance(raised, PermissionDenied):
        return _response(403, "forbidden", _("This is not allowed."))
    if isinstance(raised, RequestDataTooBig):
        return _response(413, "too_large", _("The body is too large."))
    if isinstance(raised, WeChatError):
        return _from_the_platform(raised)
    if isinstance(raised, exceptions.ValidationError):
        message = _("Some fields are not right.")
        return _response(400, "invalid", message, fields=_by_field(raised.detail))
    if isinstance(raised, exceptions.APIException):
        code = getattr(raised, "code", "") or CODES.get(raised.status_code, "error")
        more = getattr(raised, "more", {})
        return _response(raised.status_code, code, str(raised.detail), headers, **more)
    return None


def _from_the_platform(raised: WeChatError) -> Response | None:
    if isinstance(raised, ApiError):
        message = _("WeChat refused: %(meaning)s") % {"meaning": raised.meaning}
        return _response(502, "platform_refused", message, errcode=raised.errcode)
    if isinstance(raised, TransportError):
        return _response(503, "platform_unreachable", of_error(raised), {"Retry-After": "5"})
    return None


def _by_field(detail: Any) -> dict[str, Any]:
    return dict(detail) if isinstance(detail, Mapping) else {api_settings.NON_FIELD_ERRORS_KEY: detail}


def _headers(raised: Exception) -> dict[str, str]:
    headers = {}
    if scheme := getattr(raised, "auth_header", None):
        headers["WWW-Authenticate"] = str(scheme)
    if wait := getattr(raised, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return headers


def _response(
    status_code: int, code: str, message: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    body = {"error": {"code": code, "message": message, **more}}
    return Response(body, status_code, headers=dict(headers or {}))
