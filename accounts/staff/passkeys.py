"""Passkeys as a second step: created and used in the browser's dialog, checked with Yubico's library.

Only the public credential is stored; the private key never leaves the device. A passkey belongs to the host
name of ``PUBLIC_URL``: an IP address cannot have any.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q
from django.http import HttpRequest
from django.http.request import RawPostDataException
from django.utils import timezone
from django.utils.translation import gettext as _
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
)

from accounts.staff import audit
from accounts.staff.models import SecondFactor
from wechat.sdk.text import load_json

STATE = "passkey_state"
Kind = SecondFactor.Kind
NAME = "WeChat Console"


class PasskeyRefused(Exception):
    """The browser's answer does not match the request."""


def server() -> Fido2Server:
    public = urlsplit(settings.PUBLIC_URL)
    origin = f"{public.scheme}://{public.netloc}"
    rp = PublicKeyCredentialRpEntity(name=NAME, id=str(public.hostname))
    return Fido2Server(rp, verify_origin=lambda given: given == origin)


def has(user: User) -> bool:
    return SecondFactor.objects.filter(user=user, kind=Kind.PASSKEY).exists()


def begin_registration(request: HttpRequest, user: User) -> dict[str, Any]:
    """Returns the options for the browser's dialog that creates a passkey."""
    entity = PublicKeyCredentialUserEntity(
        id=str(user.pk).encode(), name=user.username, display_name=user.first_name or user.username
    )
    options, state = server().register_begin(entity, list(_credentials(user).values()))
    request.session[STATE] = state
    return dict(options)


def add(request: HttpRequest, user: User, answer: Mapping[str, Any], name: str) -> SecondFactor:
    """Stores a new passkey. Raises ``PasskeyRefused`` if the browser's answer is not valid."""
    try:
        made = server().register_complete(request.session.pop(STATE), answer)
    except (KeyError, ValueError, TypeError):
        raise PasskeyRefused from None
    credential = made.credential_data
    if credential is None:
        raise PasskeyRefused
    secret = websafe_encode(bytes(credential))
    return SecondFactor.objects.create(
        user=user, kind=Kind.PASSKEY, name=name, secret=secret, counter=made.counter
    )


def begin_authentication(request: HttpRequest, user: User) -> dict[str, Any]:
    """Returns the options for the browser's dialog that uses one of the user's passkeys."""
    options, state = server().authenticate_begin(list(_credentials(user).values()))
    request.session[STATE] = state
    return dict(options)


def is_right(request: HttpRequest, user: User, answer: Mapping[str, Any]) -> bool:
    """Returns whether one of the user's passkeys signed the request and is not suspected to be a copy."""
    known = _credentials(user)
    try:
        used = server().authenticate_complete(request.session.pop(STATE), list(known.values()), answer)
        count = AuthenticationResponse.from_dict(answer).response.authenticator_data.counter
    except (KeyError, ValueError, TypeError):
        return False
    row = next(pk for pk, each in known.items() if each.credential_id == used.credential_id)
    # A passkey that is synchronised between devices has no counter: it is always zero.
    behind = Q(counter__lt=count) if count else Q(counter=0)
    if SecondFactor.objects.filter(behind, pk=row).update(counter=count, used_at=timezone.now()):
        return True
    audit.record(request, user, _("Refused a passkey whose counter did not go up: it may be a copy."))
    return False


def read(request: HttpRequest) -> Mapping[str, Any]:
    """Returns the JSON object that the browser's script sent, or an empty mapping if the body is none."""
    try:
        found = load_json(request.body)
    except (ValueError, RawPostDataException):
        return {}
    return found if isinstance(found, dict) else {}


def _credentials(user: User) -> dict[int, AttestedCredentialData]:
    rows = SecondFactor.objects.filter(user=user, kind=Kind.PASSKEY)
    return {
        row.pk: AttestedCredentialData(websafe_decode(row.secret))
        for row in rows
        if not row.is_undecryptable("secret")
    }
