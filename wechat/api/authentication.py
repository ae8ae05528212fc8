"""The authentication of API clients by the headers ``X-Key X-Timestamp X-Nonce X-Signature``.

The order of the checks matters: a request with a wrong signature leaves no trace (it uses up no nonce) and
reveals nothing (an unknown key, a disabled one and a wrong secret get the same answer).
"""

import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils.encoding import escape_uri_path
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from structlog import contextvars

from wechat.api import clients, nonces
from wechat.api.clients import ClientEntry, ClientUnusable
from wechat.api.errors import ApiRefusal, NotAuthenticated, unavailable
from wechat.api.models import ApiClient
from wechat.api.signing import Signed
from wechat.kernel.addresses import client_address

log = logging.getLogger(__name__)

HEADERS = ("X-Key", "X-Timestamp", "X-Nonce", "X-Signature")
IN_META = tuple(f"HTTP_{name.upper().replace('-', '_')}" for name in HEADERS)
FRESH_SECONDS = 300
TIMESTAMP_FORM = re.compile(r"[0-9]{1,12}")
NONCE_FORM = re.compile(r"[A-Za-z0-9_\-]{8,64}")
SECRET_OF_NOBODY = "nobody"  # noqa: S105 - compared with, so that an unknown key takes as long as a known one


class SignatureAuthentication(BaseAuthentication):
    """Proves who calls by the signature.

    ``request.user`` becomes the ``ApiClient``, ``request.auth`` its ``clients.ClientEntry``.
    """

    def authenticate(self, request: Request) -> tuple[Any, ClientEntry]:
        with refusals_logged(request):
            entry, nonce = verified(request)
            if not nonces.first_use(nonce):
                raise nonce_reused()
        entry.client.note_use()
        return entry.client, entry

    def authenticate_header(self, request: Request) -> str:
        return "Signature"


@contextmanager
def refusals_logged(request: Request) -> Iterator[None]:
    try:
        yield
    except (NotAuthenticated, ApiRefusal) as refusal:
        key = request.META.get("HTTP_X_KEY", "")[:32]
        log.warning("api_refused", extra={"code": refusal.code, "key": key})
        raise


def verified(request: Request) -> tuple[ClientEntry, str]:
    """Returns the client that signed the request, and the key of its nonce.

    Raises ``NotAuthenticated`` and ``ApiRefusal``.
    """
    signed, key, signature = _read(request)
    try:
        entry = clients.find(key)
    except ClientUnusable:
        # A fault of ours, not of the caller: the doctor says what is wrong.
        raise unavailable() from None
    valid = entry.client.valid_secrets() if entry else [SECRET_OF_NOBODY]
    matches = [signed.matches(signature, secret) for secret in valid]
    if entry is None or not any(matches):
        raise NotAuthenticated("bad_signature", _("The key or the signature is wrong."))
    _check_address(entry, client_address(request))
    contextvars.bind_contextvars(client=entry.client.key_id)
    return entry, f"{entry.client.pk}:{signed.nonce}"


def nonce_reused() -> NotAuthenticated:
    return NotAuthenticated("nonce_reused", _("This nonce was used before; take a new one."))


def client_of(request: Request) -> ApiClient:
    """Returns the client that signed the request."""
    client: object = request.user
    assert isinstance(client, ApiClient)
    return client


def entry_of(request: Request) -> ClientEntry:
    """Returns the directory entry of the client that signed the request."""
    entry: object = request.auth
    assert isinstance(entry, ClientEntry)
    return entry


def _read(request: Request) -> tuple[Signed, str, str]:
    """Returns the signed parts, the client's key and the signature."""
    meta = request.META
    given = [meta.get(name, "") for name in IN_META]
    if not all(given):
        missing = [header for header, value in zip(HEADERS, given, strict=True) if not value]
        names = ", ".join(missing)
        raise NotAuthenticated(
            "missing_header", _("These headers are missing: %(names)s.") % {"names": names}
        )
    key, timestamp, nonce, signature = given
    if not TIMESTAMP_FORM.fullmatch(timestamp) or abs(time.time() - int(timestamp)) > FRESH_SECONDS:
        message = _("The timestamp is more than five minutes off; it is in Unix seconds.")
        raise NotAuthenticated("stale_timestamp", message)
    if not NONCE_FORM.fullmatch(nonce):
        message = _("A nonce has 8 to 64 letters, digits, - or _.")
        raise NotAuthenticated("bad_nonce", message)
    path, query = escape_uri_path(request.path), meta.get("QUERY_STRING", "")
    return Signed(request.method or "", path, query, timestamp, nonce, request.body), key, signature


def _check_address(entry: ClientEntry, address: str) -> None:
    if not entry.may_call_from(address):
        log.warning("api_address_refused", extra={"client": entry.client.key_id, "address": address})
        message = _("This client may not call from %(address)s.") % {"address": address}
        raise ApiRefusal(403, "address_not_allowed", message)
