"""Access tokens (15 minutes, JWT) and refresh tokens (7 days, single use).

A refresh token that was used before and comes back tells that two hold it: the whole session ends. Only in
the browser, where tabs share a cookie, the one just replaced still gets an access token for ``GRACE``, and no
new refresh token; a thief gains nothing by it that the stolen token would not have given anyway.

A token whose secret no key opens any more is none: whoever has it signs in again.
"""

import datetime
import logging
import re
import secrets
import uuid
from dataclasses import dataclass, field
from hmac import compare_digest

import jwt
from Crypto.Hash import HMAC, SHA256
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from wechat.login.models import BrowserSession, LoginSession, SigningKey, Visitor

log = logging.getLogger(__name__)

ACCESS = datetime.timedelta(minutes=15)
REFRESH = datetime.timedelta(days=7)
GRACE = datetime.timedelta(seconds=10)
KEY_AGE = datetime.timedelta(days=30)
ALGORITHM = "HS256"
AUDIENCE = "visitor"


class BadToken(Exception):
    """A token is refused.

    ``code`` is invalid_token, expired_token, reused_token or ended.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class TokenPair:
    """The tokens of a session; ``refresh`` is empty if the holder has a newer one already."""

    session: LoginSession
    access: str = field(repr=False)
    refresh: str = field(default="", repr=False)


def start(visitor: Visitor, kind: LoginSession.Kind, browser: BrowserSession | None = None) -> TokenPair:
    """Creates a session for a visitor who just logged in; returns its tokens.

    ``browser`` is the browser session if it is signed in to our pages.
    """
    session = LoginSession(visitor=visitor, browser=browser, kind=kind, expires_at=timezone.now() + REFRESH)
    session.secret = secrets.token_urlsafe(32)
    session.save(force_insert=True)
    return TokenPair(session, access_token(session), _refresh_token(session))


def refreshed(token: str) -> TokenPair:
    """Uses up a refresh token, and returns new tokens. Raises ``BadToken``."""
    presented = _read(token)
    with transaction.atomic():
        session = _locked(presented)
        tokens = _spent(session, presented)
    if tokens is None:
        details = {"session": presented.session_id, "visitor": session.visitor_id}
        log.warning("refresh_token_reused", extra=details)
        raise BadToken("reused_token")
    return tokens


def access_token(session: LoginSession) -> str:
    key = _signing_key()
    # Without the time of issue: a server whose clock is a moment behind would refuse the token as too young.
    claims = {
        "iss": settings.PUBLIC_URL,
        "aud": AUDIENCE,
        "sub": str(session.visitor_id),
        "sid": str(session.pk),
        "exp": timezone.now() + ACCESS,
    }
    return jwt.encode(claims, key.secret, ALGORITHM, headers={"kid": key.kid})


def session_of(token: str) -> LoginSession:
    """Returns the active session of an access token, with its visitor. Raises ``BadToken``."""
    try:
        kid = str(jwt.get_unverified_header(token).get("kid", ""))
        key = SigningKey.objects.filter(kid=kid).first() if kid.isalnum() else None
        if key is None or not key.readable_secret("secret"):
            raise BadToken("invalid_token")
        claims = jwt.decode(
            token,
            key.secret,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=settings.PUBLIC_URL,
            options={"require": ["exp", "sub", "sid"]},
        )
    except jwt.ExpiredSignatureError:
        raise BadToken("expired_token") from None
    except jwt.InvalidTokenError:
        raise BadToken("invalid_token") from None
    session = _found(claims["sid"])
    if session is None or not session.is_alive or str(session.visitor_id) != claims["sub"]:
        raise BadToken("ended")
    return session


def find(token: str) -> LoginSession | None:
    """Returns the session of a refresh token, however old the token is, or ``None``."""
    presented = _read(token)
    session = _found(presented.session_id)
    return session if session and presented.is_of(session) else None


@dataclass(frozen=True, slots=True)
class _Presented:
    """The parts of a presented refresh token, which has the form ``session.number.signature``.

    The signature distinguishes an old token from one that was never issued.
    """

    session_id: str
    number: int
    signature: str

    def is_of(self, session: LoginSession) -> bool:
        if not session.readable_secret("secret"):
            return False
        return compare_digest(_signature(session, self.number).encode(), self.signature.encode())


def _read(token: str) -> _Presented:
    """Returns the parts of a refresh token. Raises ``BadToken``."""
    found = re.fullmatch(r"([0-9a-f]{32})\.([0-9]{1,9})\.([0-9a-f]{64})", token)
    if found is None:
        raise BadToken("invalid_token")
    return _Presented(found[1], int(found[2]), found[3])


def _spent(session: LoginSession, presented: _Presented) -> TokenPair | None:
    """Returns new tokens for a refresh token, which is used up.

    ``None`` for a token that was used before; the session is ended then.
    """
    if presented.number == session.number:
        session.number += 1
        session.rotated_at = timezone.now()
        session.expires_at = session.rotated_at + REFRESH
        session.save(update_fields=["number", "rotated_at", "expires_at"])
        return TokenPair(session, access_token(session), _refresh_token(session))
    just_replaced = timezone.now() < session.rotated_at + GRACE and presented.number == session.number - 1
    if just_replaced and session.kind == LoginSession.Kind.WEB:
        return TokenPair(session, access_token(session))
    session.end(LoginSession.End.REUSE)
    return None


def _refresh_token(session: LoginSession) -> str:
    return f"{session.pk.hex}.{session.number}.{_signature(session, session.number)}"


def _signature(session: LoginSession, number: int) -> str:
    return HMAC.new(session.secret.encode(), str(number).encode(), SHA256).hexdigest()


def _locked(presented: _Presented) -> LoginSession:
    session = _usable().select_for_update(of=("self",)).filter(pk=uuid.UUID(presented.session_id)).first()
    if session is None or not presented.is_of(session):
        raise BadToken("invalid_token")
    if session.ended_at is not None:
        raise BadToken("ended")
    if not session.is_alive:
        raise BadToken("expired_token")
    return session


def _found(session_id: object) -> LoginSession | None:
    parsed = _uuid(str(session_id))
    return _usable().filter(pk=parsed).first() if parsed else None


def _usable() -> QuerySet[LoginSession]:
    """Returns the sessions of accounts that are on, with their visitors."""
    return LoginSession.objects.filter(visitor__account__enabled=True).select_related("visitor__account")


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _signing_key() -> SigningKey:
    """Returns the newest key, or a new one if that is a month old or cannot be decrypted."""
    recent = SigningKey.objects.filter(created_at__gt=timezone.now() - KEY_AGE)
    newest = recent.order_by("-created_at").first()
    if newest is not None and newest.readable_secret("secret"):
        return newest
    key = SigningKey(kid=secrets.token_hex(8), secret=secrets.token_urlsafe(48))
    key.save()
    return key
