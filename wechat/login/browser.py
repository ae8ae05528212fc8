"""The session of a visitor's browser on our own pages: a signed cookie for each account, not that of staff.

The cookie names a row, so that ending the row ends every copy of the cookie.
"""

import datetime
import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from accounts.official.models import OfficialAccount
from wechat.login.models import BrowserSession, Visitor

LIFE = datetime.timedelta(days=30)


def sign_in(response: HttpResponseBase, visitor: Visitor) -> None:
    account_id = visitor.account_id
    session = BrowserSession.objects.create(visitor=visitor, expires_at=timezone.now() + LIFE)
    response.set_signed_cookie(
        _name(account_id),
        session.pk.hex,
        salt=_salt(account_id),
        max_age=int(LIFE.total_seconds()),
        secure=settings.SECURE_PROXY,
        httponly=True,
        samesite="Lax",
    )


def sign_out(response: HttpResponseBase, account: OfficialAccount) -> None:
    response.delete_cookie(_name(account.pk), samesite="Lax")


def session_of(request: HttpRequest, account: OfficialAccount) -> BrowserSession | None:
    """Returns the active session of this account's pages in the browser, or ``None``."""
    kept = request.get_signed_cookie(
        _name(account.pk), "", salt=_salt(account.pk), max_age=int(LIFE.total_seconds())
    )
    try:
        pk = uuid.UUID(kept)
    except ValueError:
        return None
    alive = BrowserSession.objects.filter(ended_at=None, expires_at__gt=timezone.now())
    return alive.filter(pk=pk, visitor__account=account).select_related("visitor__account").first()


def visitor_of(request: HttpRequest, account: OfficialAccount) -> Visitor | None:
    """Returns the visitor who is signed in to this account's pages in this browser, or ``None``."""
    session = session_of(request, account)
    return session.visitor if session else None


def _name(account_id: int) -> str:
    return f"wc_visitor_{account_id}"


def _salt(account_id: int) -> str:
    return f"wechat.login.visitor:{account_id}"
