"""Who calls: the signature in the headers ``X-Key X-Timestamp X-Nonce X-Signature``.

The order of the checks matters: what a stranger sends leaves no trace (a nonce is used up by its owner
only), and learns nothing (an unknown key, a disabled one and a wrong secret answer alike).
"""

import ipaddress
import logging
import re
import time
from typing import Any

from django.utils.encoding import escape_uri_path
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from wechat.api import nonces
from wechat.api.errors import ApiRefusal, NotAuthenticated
from wechat.api.models import ApiClient
from wechat.api.signing import Signed
from wechat.kernel.addresses import client_address

log = logging.getLogger(__name__)

HEADERS = ("X-Key", "X-Timestamp", "X-Nonce", "X-Signature")
FRESH_SECONDS = 300
NONCE_FORM = re.compile(r"[A-Za-z0-9_\-]{8,64}")
SECRET_OF_NOBODY = "nobody"  # noqa: S105 - compared with, so that an unknown key takes as long as a known one


class SignatureAuthentication(BaseAuthentication):
    """``request.user`` becomes the ``ApiClient``."""

    def authenticate(self, request: Request) -> tuple[Any, None]:
        try:
            return self._client(request), None
        except (NotAuthenticated, ApiRefusal) as refusal:
            key = request.headers.get("X-Key", "")[:32]
            log.warning("api_refused", extra={"code": refusal.code, "key": key})
            raise

    def authenticate_header(self, request: Request) -> str:
        return "Signature"

    def _client(self, request: Request) -> ApiClient:
        signed, key, signature = _read(request)
        client = ApiClient.objects.filter(key_id=key, enabled=True).first()
        valid = list(client.valid_secrets()) if client else [SECRET_OF_NOBODY]
        matches = [signed.matches(signature, secret) for secret in valid]
        if client is None or not any(matches):
            raise NotAuthenticated("bad_signature", _("The key or the signature is wrong."))
        _check_address(client, client_address(request))
        if not nonces.first_use(f"{client.pk}:{signed.nonce}"):
            raise NotAuthenticated("nonce_reused", _("This nonce was used before; take a new one."))
        client.note_use()
        return client


def client_of(request: Request) -> ApiClient:
    """Who signed the request."""
    client: object = request.user
    assert isinstance(client, ApiClient)
    return client


def _read(request: Request) -> tuple[Signed, str, str]:
    """What is signed, the key and the signature."""
    missing = [name for name in HEADERS if not request.headers.get(name)]
    if missing:
        names = ", ".join(missing)
        raise NotAuthenticated(
            "missing_header", _("These headers are missing: %(names)s.") % {"names": names}
        )
    key, timestamp, nonce, signature = (request.headers[name] for name in HEADERS)
    if not re.fullmatch(r"[0-9]{1,12}", timestamp) or abs(time.time() - int(timestamp)) > FRESH_SECONDS:
        message = _("The timestamp is more than five minutes off; it is in Unix seconds.")
        raise NotAuthenticated("stale_timestamp", message)
    if not NONCE_FORM.fullmatch(nonce):
        message = _("A nonce has 8 to 64 letters, digits, - or _.")
        raise NotAuthenticated("bad_nonce", message)
    path, query = escape_uri_path(request.path), request.META.get("QUERY_STRING", "")
    return Signed(request.method or "", path, query, timestamp, nonce, request.body), key, signature


def _check_address(client: ApiClient, address: str) -> None:
    if client.networks and not _is_listed(address, client.networks):
        log.warning("api_address_refused", extra={"client": client.key_id, "address": address})
        message = _("This client may not call from %(address)s.") % {"address": address}
        raise ApiRefusal(403, "address_not_allowed", message)


def _is_listed(address: str, networks: list[str]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(mapped in ipaddress.ip_network(network, strict=False) for network in networks)
