"""The login, telephone number and profile of mini-program users. WeChat reference 14."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.followers import erasures
from accounts.official.clients import client_for, credentials_of, transport
from accounts.official.models import OfficialAccount
from wechat.api.errors import ApiRefusal
from wechat.login import visitors
from wechat.login.models import Visitor
from wechat.sdk.answers import text
from wechat.sdk.calls import miniprogram
from wechat.sdk.errors import ApiError, EnvelopeError

log = logging.getLogger(__name__)

SPENT = frozenset({40029, 40163})
RISKY = 40226


def log_in(account: OfficialAccount, code: str) -> Visitor:
    """Returns the visitor who used the code.

    Raises ``ApiRefusal`` for an invalid code, and platform errors.
    """
    _check_kind(account)
    began = timezone.now()
    try:
        session = miniprogram.login(transport(), credentials_of(account), code)
    except ApiError as error:
        raise _refusal(error) from error
    with transaction.atomic():
        erasures.block_erasures(account.pk)
        if erasures.is_from_before(account.pk, session.openid, began):
            raise _spent()
        return visitors.logged_in(account, session.openid, session.unionid, session_key=session.session_key)


def save_phone(visitor: Visitor, code: str) -> str:
    """Stores (encrypted) and returns the number that the person agreed to give. Raises ``ApiRefusal``."""
    _check_kind(visitor.account)
    try:
        phone = miniprogram.phone_number(client_for(visitor.account), code)
    except ApiError as error:
        raise _refusal(error) from error
    with _still_there(visitor):
        visitor.phone = phone.number
        visitor.save(update_fields=["phone"])
    return phone.number


def save_profile(visitor: Visitor, encrypted: str, iv: str, raw: str | None, signature: str) -> Visitor:
    """Stores nickname, avatar and unionid from encrypted data about this visitor; returns the visitor.

    Raises ``ApiRefusal``.
    """
    _check_kind(visitor.account)
    session_key = visitor.readable_secret("session_key")
    if not session_key:
        raise _no_session()
    if raw is not None and not miniprogram.raw_data_matches(raw, session_key, signature):
        raise _forged(visitor, "signature")
    data = _opened(visitor, session_key, encrypted, iv)
    if data.get("openId") != visitor.openid:
        raise _forged(visitor, "openid")
    shown = visitors.consented(text(data, "nickName"), text(data, "avatarUrl"))
    with _still_there(visitor):
        return visitors.logged_in(visitor.account, visitor.openid, text(data, "unionId"), **shown)


@contextmanager
def _still_there(visitor: Visitor) -> Iterator[None]:
    """Prevents the erasure of the person while the block writes about them.

    Raises ``ApiRefusal`` if the person was erased since the request began.
    """
    with transaction.atomic():
        erasures.block_erasures(visitor.account_id)
        if not Visitor.objects.filter(pk=visitor.pk).exists():
            raise _no_session()
        yield


def _check_kind(account: OfficialAccount) -> None:
    """Raises ``ApiRefusal`` for an account that is no mini program.

    WeChat would refuse the call, but only after a request that any visitor could repeat at will.
    """
    if account.kind != OfficialAccount.Kind.MINIPROGRAM:
        raise ApiRefusal(400, "no_mini_program", _("This account is no mini program."))


def _opened(visitor: Visitor, session_key: str, encrypted: str, iv: str) -> dict[str, Any]:
    try:
        return miniprogram.open_data(session_key, encrypted, iv, visitor.account.appid, time.time())
    except EnvelopeError as error:
        raise _forged(visitor, error.reason) from error


def _forged(visitor: Visitor, reason: str) -> ApiRefusal:
    log.warning("mini_program_data_refused", extra={"visitor": visitor.pk, "reason": reason})
    message = _("The encrypted data do not fit the session; log in with wx.login and try again.")
    return ApiRefusal(400, "bad_data", message)


def _refusal(error: ApiError) -> Exception:
    if error.errcode in SPENT:
        return _spent()
    if error.errcode == RISKY:
        return ApiRefusal(403, "risky", _("WeChat considers this person a risk."))
    return error


def _no_session() -> ApiRefusal:
    return ApiRefusal(409, "no_session", _("Log in with wx.login first."))


def _spent() -> ApiRefusal:
    return ApiRefusal(400, "bad_code", _("This code was used before or has run out; take a new one."))
