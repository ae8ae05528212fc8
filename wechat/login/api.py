"""The API endpoints for followers below ``/api/v1/``: login, tokens, the visitor, the JS-SDK.

In a browser the refresh token is in a cookie that scripts cannot read, and that is sent only to
``/api/v1/auth/`` and not from other sites (SameSite=Strict). Calls that rely on a cookie also check the
``Origin`` header of the POST, which protects old browsers too. Access tokens are in the answer, for the
page's memory.
"""

import logging
import secrets
import time
from typing import Any

from django.conf import settings
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.official.clients import tickets_of
from accounts.official.models import OfficialAccount
from wechat.api import scopes
from wechat.api.errors import ApiRefusal, NotAuthenticated
from wechat.api.schema import BY_PLATFORM
from wechat.api.views import BusinessView, validated
from wechat.login import browser, handing_over, mini, tokens
from wechat.login.authentication import SAID, OpenView, VisitorView, not_authenticated
from wechat.login.models import LoginSession, end_browser
from wechat.login.oauth_pages import account_at
from wechat.login.return_addresses import NotAllowed, destination
from wechat.login.serializers import (
    AccountSerializer,
    CodeSerializer,
    EncryptedSerializer,
    JsSdkSerializer,
    MiniprogramLoginSerializer,
    PhoneSerializer,
    RefreshSerializer,
    TokensSerializer,
    VisitorSerializer,
)
from wechat.sdk import jssdk

log = logging.getLogger(__name__)

EXCHANGE = scopes.register("login:exchange", gettext_lazy("Learn who logged in on a login site"))
PAGE = [OpenApiParameter(name, str, required=True) for name in ("account", "url")]
COOKIE_PATH = "/api/v1/auth/"
Kind = LoginSession.Kind


class MiniprogramLogin(OpenView):
    refusals = {"POST": {400: ("no_mini_program", "bad_code"), 403: ("risky",), **BY_PLATFORM}}

    @extend_schema(request=MiniprogramLoginSerializer, responses=TokensSerializer)
    def post(self, request: Request) -> Response:
        """Logs in with the code of ``wx.login``. The session key stays on the server."""
        given = validated(MiniprogramLoginSerializer, request.data)
        visitor = mini.log_in(account_at(given["account"]), given["code"])
        return _tokens(tokens.start(visitor, Kind.MINIPROGRAM))


class MiniprogramPhone(VisitorView):
    refusals = {
        "POST": {400: ("no_mini_program", "bad_code"), 403: ("risky",), 409: ("no_session",), **BY_PLATFORM}
    }

    @extend_schema(request=CodeSerializer, responses=PhoneSerializer)
    def post(self, request: Request) -> Response:
        """Stores and returns the visitor's telephone number, by a code of the button ``getPhoneNumber``."""
        return Response(
            {"phone": mini.save_phone(self.visitor, validated(CodeSerializer, request.data)["code"])}
        )


class MiniprogramProfile(VisitorView):
    refusals = {"POST": {400: ("no_mini_program", "bad_data"), 409: ("no_session",)}}

    @extend_schema(request=EncryptedSerializer, responses=VisitorSerializer)
    def post(self, request: Request) -> Response:
        """Stores nickname, avatar and UnionID from the encrypted data that the mini program received."""
        given = validated(EncryptedSerializer, request.data)
        visitor = mini.save_profile(
            self.visitor,
            given["encryptedData"],
            given["iv"],
            given.get("rawData"),
            given.get("signature", ""),
        )
        return Response(VisitorSerializer(visitor).data)


class WebLogin(OpenView):
    refusals = {"POST": {401: ("not_authenticated",), 403: ("cross_site",)}}

    @extend_schema(request=AccountSerializer, responses=TokensSerializer)
    def post(self, request: Request) -> Response:
        """Returns tokens for a page of ours whose visitor has signed in by OAuth or by scanning a code."""
        _check_origin(request)
        account = account_at(validated(AccountSerializer, request.data)["account"])
        session = browser.session_of(request, account)
        if session is None:
            raise NotAuthenticated("not_authenticated", _("Sign in first."))
        return _tokens(tokens.start(session.visitor, Kind.WEB, session))


class Refresh(OpenView):
    refusals = {"POST": {401: ("not_authenticated", *SAID), 403: ("cross_site",)}}

    @extend_schema(request=RefreshSerializer, responses=TokensSerializer)
    def post(self, request: Request) -> Response:
        """Exchanges a refresh token for new tokens. A token that was used before ends the whole session."""
        account, token, _in_cookie = _presented(request)
        try:
            _check_account(tokens.find(token), account)
            return _tokens(tokens.refreshed(token))
        except tokens.BadToken as bad:
            raise not_authenticated(bad) from None


class Logout(OpenView):
    refusals = {"POST": {401: ("not_authenticated", "invalid_token"), 403: ("cross_site",)}}

    @extend_schema(request=RefreshSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Ends the session and all of its tokens. Has no effect if the session has already ended."""
        account, token, in_cookie = _presented(request, also_page=True)
        try:
            session = tokens.find(token)
        except tokens.BadToken:
            session = None
        _check_account(session, account)
        if session is not None:
            session.end(LoginSession.End.LOGOUT)
        response = Response(status=204)
        if in_cookie and account is not None:
            if page := browser.session_of(request, account):
                end_browser(page.pk, LoginSession.End.LOGOUT)
            response.delete_cookie(_cookie(account), path=COOKIE_PATH, samesite="Strict")
            browser.sign_out(response, account)
        return response


class Exchange(BusinessView):
    scopes = {"POST": EXCHANGE}
    refusals = {"POST": {400: ("bad_code",)}}
    creates = False

    @extend_schema(request=CodeSerializer, responses=VisitorSerializer)
    def post(self, request: Request) -> Response:
        """Returns the visitor for a ``login_code`` in the address of your site: once, and within a minute."""
        code = validated(CodeSerializer, request.data)["code"]
        visitor = handing_over.exchange(self.client, self.account, code)
        if visitor is None:
            log.warning("login_code_refused", extra={"client": self.client.key_id})
            message = _("This code is not yours, was used before, or has run out.")
            raise ApiRefusal(400, "bad_code", message)
        return Response(VisitorSerializer(visitor).data)


class Me(VisitorView):
    @extend_schema(responses=VisitorSerializer)
    def get(self, request: Request) -> Response:
        """Returns the signed-in visitor."""
        return Response(VisitorSerializer(self.visitor).data)


class JsSdk(OpenView):
    refusals = {"GET": {403: ("address_not_allowed",), **BY_PLATFORM}}

    @extend_schema(parameters=PAGE, responses=JsSdkSerializer)
    def get(self, request: Request) -> Response:
        """Returns the configuration of ``wx.config`` for the page at ``url``, ours or of a login site."""
        account = account_at(request.query_params.get("account", ""))
        url = request.query_params.get("url", "").partition("#")[0]
        try:
            destination(account, url if "://" in url else "")
        except NotAllowed:
            log.warning("jssdk_refused", extra={"account": account.slug})
            message = _("This address is neither ours nor on a login site.")
            raise ApiRefusal(403, "address_not_allowed", message) from None
        nonce, timestamp = secrets.token_hex(8), int(time.time())
        signature = jssdk.signature(tickets_of(account).get(), nonce, timestamp, url)
        signed = {"appId": account.appid, "timestamp": timestamp, "nonceStr": nonce, "signature": signature}
        # The answer is not secret, and pages of login sites must be able to read it.
        return Response(signed, headers={"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store"})


def _presented(request: Request, *, also_page: bool = False) -> tuple[OfficialAccount | None, str, bool]:
    """Returns the account (if named), the refresh token, and whether the token came in a cookie.

    With ``also_page`` the session cookie of our pages is enough, and the token is empty.
    """
    given = validated(RefreshSerializer, request.data)
    account = account_at(given["account"]) if "account" in given else None
    if token := given.get("refresh_token", ""):
        return account, token, False
    _check_origin(request)
    kept = request.COOKIES.get(_cookie(account), "") if account else ""
    if not kept and not (also_page and account and browser.session_of(request, account)):
        raise NotAuthenticated("not_authenticated", _("Sign in first."))
    return account, kept, True


def _check_origin(request: Request) -> None:
    if request.headers.get("Origin", "").lower() != settings.PUBLIC_URL.lower():
        log.warning("cross_site_refused", extra={"path": request.path})
        raise ApiRefusal(403, "cross_site", _("This call is for our own pages."))


def _check_account(session: LoginSession | None, account: OfficialAccount | None) -> None:
    if session is not None and account is not None and session.visitor.account_id != account.pk:
        log.warning("session_of_another_account", extra={"account": account.slug, "session": str(session.pk)})
        raise NotAuthenticated("invalid_token", _("This token is not valid."))


def _tokens(fresh: tokens.TokenPair) -> Response:
    """Returns the response with new tokens.

    The refresh token is in the cookie for a browser, otherwise in the body.
    """
    payload: dict[str, Any] = {
        "access_token": fresh.access,
        "expires_in": int(tokens.ACCESS.total_seconds()),
    }
    in_a_browser = fresh.session.kind == Kind.WEB
    if fresh.refresh and not in_a_browser:
        payload["refresh_token"] = fresh.refresh
    response = Response(payload, headers={"Cache-Control": "no-store"})
    if fresh.refresh and in_a_browser:
        response.set_cookie(
            _cookie(fresh.session.visitor.account),
            fresh.refresh,
            max_age=int(tokens.REFRESH.total_seconds()),
            path=COOKIE_PATH,
            secure=settings.SECURE_PROXY,
            httponly=True,
            samesite="Strict",
        )
    return response


def _cookie(account: OfficialAccount) -> str:
    return f"wc_refresh_{account.pk}"


urlpatterns = [
    path("auth/miniprogram/", MiniprogramLogin.as_view()),
    path("auth/miniprogram/phone/", MiniprogramPhone.as_view()),
    path("auth/miniprogram/profile/", MiniprogramProfile.as_view()),
    path("auth/web/", WebLogin.as_view()),
    path("auth/refresh/", Refresh.as_view()),
    path("auth/logout/", Logout.as_view()),
    path("auth/exchange/", Exchange.as_view()),
    path("me/", Me.as_view()),
    path("jssdk/", JsSdk.as_view()),
]
