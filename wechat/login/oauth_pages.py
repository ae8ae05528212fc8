"""The pages of web OAuth: ``/wechat/<slug>/oauth/start`` and ``/done``. WeChat reference 13."""

import datetime
import logging
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.followers import erasures
from accounts.official import directory
from accounts.official.clients import credentials_of, transport
from accounts.official.models import OfficialAccount
from wechat.kernel.addresses import client_network
from wechat.kernel.buckets import wait_for
from wechat.login import browser, handing_over, oauth_state, visitors
from wechat.login.authentication import AddressRate
from wechat.login.models import Visitor
from wechat.login.oauth_state import InvalidReturn, PendingLogin
from wechat.login.return_addresses import NotAllowed, destination
from wechat.sdk.calls import oauth
from wechat.sdk.errors import ApiError, TransportError

log = logging.getLogger(__name__)

SCOPES: dict[str, oauth.Scope] = {
    "": "snsapi_base", "base": "snsapi_base", "userinfo": "snsapi_userinfo",
    "snsapi_base": "snsapi_base", "snsapi_userinfo": "snsapi_userinfo",
}  # fmt: skip
# A person's token has expired or was withdrawn between the two calls.
STALE = frozenset({40001, 40014, 42001})


def account_at(slug: str) -> OfficialAccount:
    """Returns the enabled account with this short name. Raises ``Http404``."""
    entry = directory.find(slug)
    if entry is None:
        raise Http404
    return entry.account


@require_GET
@never_cache
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Redirects the visitor to WeChat's consent page.

    ``?next=`` is the address to return to, a path of ours or an address of an allowed site; ``?scope=``.
    """
    account = account_at(slug)
    # A hall full of people, who all scan what is shown to them, has one address.
    if wait_for(f"oauth:{client_network(request)}", size=AddressRate.SIZE, per_second=2):
        return page(request, account, 429, _("Too many attempts"), _("Please try again in a moment."))
    scope = SCOPES.get(request.GET.get("scope", ""))
    try:
        return_to = destination(account, request.GET.get("next", "")).url
    except NotAllowed:
        return refused(request, account, "return_address")
    if scope is None:
        return refused(request, account, "scope")
    return oauth_state.begin_login(account, PendingLogin(return_to, scope))


@require_GET
@never_cache
def done(request: HttpRequest, slug: str) -> HttpResponse:
    account = account_at(slug)
    try:
        pending = oauth_state.complete_login(request, account)
    except InvalidReturn as invalid:
        response = _came_again(request, account, invalid)
    else:
        response = _arrived(request, account, pending)
    oauth_state.delete_old_cookies(request, response, account)
    return response


def _came_again(request: HttpRequest, account: OfficialAccount, invalid: InvalidReturn) -> HttpResponse:
    """Answers a return that was used already, as after the browser's "back".

    A signed-in visitor is sent on, others start again.
    """
    pending = invalid.pending
    if pending is None:
        return refused(request, account, invalid.reason)
    try:
        back = destination(account, pending.return_to)
    except NotAllowed:
        return refused(request, account, "return_address")
    if back.site is None and browser.visitor_of(request, account) is not None:
        return HttpResponseRedirect(back.url)
    return oauth_state.begin_login(account, replace(pending, again=True))


def _arrived(request: HttpRequest, account: OfficialAccount, pending: PendingLogin) -> HttpResponse:
    code = request.GET.get("code", "")
    if not code:
        text = _("You did not agree, so we do not know who you are.")
        return page(request, account, 403, _("Not signed in"), text, pending)
    try:
        token = oauth.exchange(transport(), credentials_of(account), code)
        if token.is_snapshot:
            text = _("Tap “使用完整服务” at the bottom of the page to go on.")
            return page(request, account, 200, _("This is a preview"), text)
        visitor = _visitor(account, token, pending)
    except ApiError as error:
        return _refused_by_wechat(request, account, pending, error)
    except TransportError:
        text = _("WeChat does not answer at the moment.")
        return page(request, account, 503, _("Not signed in"), text, pending)
    if visitor is None:
        return oauth_state.begin_login(account, replace(pending, again=True))
    return _let_in(account, pending, visitor)


def _was_erased_since(account: OfficialAccount, token: oauth.UserToken, pending: PendingLogin) -> bool:
    """Returns whether the person was erased since this login began.

    In that case they have to consent again.
    """
    began = datetime.datetime.fromtimestamp(pending.at, tz=datetime.UTC)
    return erasures.is_from_before(account.pk, token.openid, began)


def _visitor(account: OfficialAccount, token: oauth.UserToken, pending: PendingLogin) -> Visitor | None:
    """Returns the visitor, or ``None`` if the person was erased since the login began.

    That may happen even while the profile is read from WeChat.
    """
    is_shown = pending.scope == "snsapi_userinfo"
    profile = oauth.profile(transport(), token) if is_shown else None
    with transaction.atomic():
        erasures.block_erasures(account.pk)
        if _was_erased_since(account, token, pending):
            return None
        if profile is not None:
            return visitors.with_profile(account, profile)
        return visitors.logged_in(account, token.openid, token.unionid)


def _let_in(account: OfficialAccount, pending: PendingLogin, visitor: Visitor) -> HttpResponse:
    try:
        # Checked again: the list of sites may have changed meanwhile.
        back = destination(account, pending.return_to)
    except NotAllowed:
        raise Http404 from None
    if back.site is not None:
        return HttpResponseRedirect(handing_over.address_with_code(back, visitor))
    response = HttpResponseRedirect(back.url)
    browser.sign_in(response, visitor)
    return response


def _refused_by_wechat(
    request: HttpRequest, account: OfficialAccount, pending: PendingLogin, error: ApiError
) -> HttpResponse:
    """Answers a code that WeChat refused: starts once more, but only once."""
    if error.errcode in oauth.SPENT | STALE and not pending.again:
        return oauth_state.begin_login(account, replace(pending, again=True))
    log.warning("oauth_failed", extra={"account": account.slug, "errcode": error.errcode})
    text = _("WeChat did not let you in (error %(code)s).") % {"code": error.errcode}
    return page(request, account, 502, _("Not signed in"), text, pending)


def refused(request: HttpRequest, account: OfficialAccount, reason: str) -> HttpResponse:
    """Answers a request that was forged or altered, or that comes a second time."""
    log.warning("login_refused", extra={"account": account.slug, "reason": reason})
    text = _("Please go back to where you came from and open the page anew.")
    return page(request, account, 400, _("This link is not valid"), text)


def page(
    request: HttpRequest,
    account: OfficialAccount,
    status: int,
    title: str,
    text: str,
    pending: PendingLogin | None = None,
    **more: Any,
) -> HttpResponse:
    """Returns a page with a message; with a pending login it offers to try again."""
    context = {"account": account, "title": title, "text": text, "pending": pending, **more}
    return render(request, "login/notice.html", context, status=status)
