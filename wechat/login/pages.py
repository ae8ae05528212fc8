"""The base of followers' pages under ``/h5/<slug>/…``: it identifies the visitor.

::

    @follower_page()
    def shop(request: VisitorRequest, item: int) -> HttpResponse:
        order = place_order(request.account, request.visitor.openid, item)

    urlpatterns = [path("h5/<slug:slug>/shop/<int:item>/", shop)]

``slug`` is taken out of the address: the view gets ``request.account`` (the enabled account of that short
name) and ``request.visitor`` (a ``Visitor``: ``openid``, ``unionid``, ``follower`` if there is one). A
browser that is not known yet is sent through WeChat's consent and comes back to the same address; outside
WeChat it is shown a code to scan instead. With ``scope="snsapi_userinfo"`` the visitor is asked for nickname
and avatar once, inside WeChat. Forms are protected by Django's CSRF token as always. What is sent (POST)
without a session is not carried out: the answer is 401.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts.official.models import OfficialAccount
from wechat.login import browser
from wechat.login.models import Visitor
from wechat.login.oauth_pages import account_at, page
from wechat.sdk.calls.oauth import Scope

P = ParamSpec("P")


class VisitorRequest(HttpRequest):
    """A request of somebody who is known to the account."""

    account: OfficialAccount
    visitor: Visitor


Page = Callable[Concatenate[VisitorRequest, P], HttpResponseBase]


def follower_page(scope: Scope = "snsapi_base") -> Callable[[Page[P]], Callable[..., HttpResponseBase]]:
    """Gives the view ``request.account`` and ``request.visitor``; see this module's description."""

    def decorate(view: Page[P]) -> Callable[..., HttpResponseBase]:
        @never_cache
        @wraps(view)
        def guarded(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            account = account_at(slug)
            visitor = browser.visitor_of(request, account)
            if visitor is None or (scope == "snsapi_userinfo" and visitor.consented_at is None):
                return _to_sign_in(request, account, scope)
            known = cast(VisitorRequest, request)
            known.account, known.visitor = account, visitor
            return view(known, *args, **kwargs)

        return guarded

    return decorate


def is_in_wechat(request: HttpRequest) -> bool:
    return "MicroMessenger" in request.headers.get("User-Agent", "")


def sign_in_address(account: OfficialAccount, return_to: str, scope: Scope) -> str:
    query = urlencode({"next": return_to, "scope": scope})
    return f"{reverse('oauth_start', args=[account.slug])}?{query}"


def _to_sign_in(request: HttpRequest, account: OfficialAccount, scope: Scope) -> HttpResponse:
    here = request.get_full_path()
    if request.method not in {"GET", "HEAD"}:
        text = _("Your session has ended. Open the page anew and send it once more.")
        return page(request, account, 401, _("Not signed in"), text)
    if scope == "snsapi_userinfo" and not is_in_wechat(request):
        return page(request, account, 403, _("Please open this page in WeChat"), request.build_absolute_uri())
    if is_in_wechat(request):
        return HttpResponseRedirect(sign_in_address(account, here, scope))
    query = urlencode({"next": here})
    return HttpResponseRedirect(f"{reverse('scan_login', args=[account.slug])}?{query}")
