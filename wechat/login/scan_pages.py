"""The pages of signing in by scanning: the code on the computer, the question on the phone."""

import secrets

from django.conf import settings
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.official.models import OfficialAccount
from wechat.console import qr_codes
from wechat.kernel.addresses import client_network
from wechat.kernel.buckets import wait_for
from wechat.login import browser, scanning
from wechat.login.digests import digest
from wechat.login.models import ScanLogin
from wechat.login.oauth_pages import account_at, page, refused
from wechat.login.pages import VisitorRequest, follower_page
from wechat.login.return_addresses import NotAllowed, destination
from wechat.sdk.errors import ApiError, TransportError

COOKIE = "wc_scan"
State = ScanLogin.State


@require_GET
@never_cache
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """Shows the code, for a browser outside WeChat."""
    account = account_at(slug)
    if wait_for(f"scan:{client_network(request)}", size=20, per_second=0.2):
        return page(request, account, 429, _("Too many attempts"), _("Please try again in a moment."))
    try:
        back = destination(account, request.GET.get("next", ""))
    except NotAllowed:
        return refused(request, account, "return_address")
    if back.site is not None:
        return refused(request, account, "return_address")
    secret = secrets.token_urlsafe(32)
    try:
        scan, content = scanning.begin(account, secret, back.url)
    except (ApiError, TransportError):
        text = _("WeChat gives us no code to show at the moment.")
        return page(request, account, 503, _("Not signed in"), text)
    context = {
        "account": account,
        "scan": scan,
        "title": _("Sign in with WeChat"),
        "picture": qr_codes.data_uri(content),
    }
    response = render(request, "login/scan.html", context)
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(scanning.LIFE.total_seconds()),
        path=reverse("scan_login", args=[slug]),
        secure=settings.SECURE_PROXY,
        httponly=True,
        samesite="Lax",
    )
    return response


@require_GET
@never_cache
def state(request: HttpRequest, slug: str, scene: str) -> HttpResponse:
    """Returns the state of a sign-in, which the page with the code polls every two seconds."""
    scan = _of_this_browser(request, account_at(slug), scene)
    shown = "over" if scan.is_over and scan.state != State.USED else scan.state
    return JsonResponse({"state": shown})


@require_POST
@never_cache
def finish(request: HttpRequest, slug: str, scene: str) -> HttpResponse:
    """Signs this browser in, after the confirmation on the phone."""
    account = account_at(slug)
    scan = _of_this_browser(request, account, scene)
    visitor = scanning.claim(scan, request.COOKIES[COOKIE])
    if visitor is None:
        return refused(request, account, "scan")
    response = HttpResponseRedirect(scan.return_to)
    browser.sign_in(response, visitor)
    response.delete_cookie(COOKIE, path=reverse("scan_login", args=[slug]), samesite="Lax")
    return response


@require_http_methods(["GET", "POST"])
@follower_page()
def confirm(request: VisitorRequest, scene: str) -> HttpResponseBase:
    """Asks on the phone whether to sign in on the computer that shows the number."""
    account = request.account
    scan = scanning.find(account, scene)
    if scan is None:
        raise Http404
    if scan.state == State.WAITING and not scan.is_over:
        # WeChat's event about the scan arrives a moment later than this request of the phone.
        waiting = page(request, account, 200, _("One moment"), _("Scan the code on the computer first."))
        waiting["Refresh"] = "2"
        return waiting
    if scan.openid != request.visitor.openid or scan.is_over or scan.state != State.SCANNED:
        text = _("This code is over, or it was scanned by somebody else. Scan the code on the computer anew.")
        return page(request, account, 410, _("Nobody was signed in"), text)
    if request.method != "POST":
        context = {"account": account, "scan": scan, "title": _("Sign in on the computer?")}
        return render(request, "login/confirm.html", context)
    agreed = request.POST.get("choice") == "yes"
    decided = scanning.decide(scan, request.visitor, agreed=agreed)
    if agreed and decided:
        text = _("You are signed in on the computer. You may close this page.")
        return page(request, account, 200, _("Signed in"), text)
    return page(request, account, 200, _("Nobody was signed in"), _("You may close this page."))


def _of_this_browser(request: HttpRequest, account: OfficialAccount, scene: str) -> ScanLogin:
    """Returns the sign-in. Raises ``Http404`` for one that another browser began."""
    scan = scanning.find(account, scene)
    kept = request.COOKIES.get(COOKIE, "")
    if scan is None or not constant_time_compare(scan.browser, digest(kept)):
        raise Http404
    return scan
