"""The authentication of followers and mini-program users: ``Authorization: Bearer <access token>``."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.official.models import OfficialAccount
from wechat.api.errors import NotAuthenticated
from wechat.api.views import JsonView
from wechat.kernel.addresses import client_network
from wechat.kernel.buckets import wait_for
from wechat.login import tokens
from wechat.login.models import LoginSession, Visitor

SAID = {
    "invalid_token": gettext_lazy("This token is not valid."),
    "expired_token": gettext_lazy("This token has run out."),
    "reused_token": gettext_lazy("This refresh token was used before; sign in anew."),
    "ended": gettext_lazy("You were signed out; sign in anew."),
}


def not_authenticated(bad: tokens.BadToken) -> NotAuthenticated:
    return NotAuthenticated(bad.code, SAID[bad.code])


class VisitorAuthentication(BaseAuthentication):
    """The authentication of visitors by an access token.

    ``request.user`` is the ``Visitor``, ``request.auth`` the ``LoginSession``.
    """

    def authenticate(self, request: Request) -> tuple[Any, LoginSession] | None:
        kind, _blank, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        try:
            session = tokens.session_of(token.strip())
        except tokens.BadToken as bad:
            raise not_authenticated(bad) from None
        return session.visitor, session

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class IsVisitor(BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, LoginSession):
            raise NotAuthenticated("not_authenticated", _("Sign in first."))
        return True


class AddressRate(BaseThrottle):
    """The rate limit of a network address. It is generous, because many phones share an address."""

    SIZE, PER_SECOND = 200, 10.0

    _wait = 0.0

    def allow_request(self, request: Request, view: APIView) -> bool:
        name = f"visitors:{client_network(request)}"
        self._wait = wait_for(name, size=self.SIZE, per_second=self.PER_SECOND)
        return self._wait == 0

    def wait(self) -> float:
        return self._wait


class OpenView(JsonView):
    """A view for anybody, within the rate limit of their address."""

    usual_refusals = {429: ("too_many_requests",)}
    authentication_classes: list[type[BaseAuthentication]] = []
    throttle_classes: list[type[BaseThrottle]] = [AddressRate]

    def get_authenticate_header(self, request: Request) -> str:
        """Returns the ``WWW-Authenticate`` header; without it, REST framework turns every 401 into a 403."""
        return "Bearer"


class VisitorView(OpenView):
    """A view for signed-in visitors: ``self.visitor`` of ``self.account``, in ``self.session``."""

    usual_refusals = {**OpenView.usual_refusals, 401: ("not_authenticated", *SAID)}
    authentication_classes = [VisitorAuthentication]
    permission_classes = [IsVisitor]

    visitor: Visitor
    account: OfficialAccount
    session: LoginSession

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        assert isinstance(request.auth, LoginSession)
        self.session = request.auth
        self.visitor, self.account = self.session.visitor, self.session.visitor.account


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped library
    target_class = "wechat.login.authentication.VisitorAuthentication"
    name = "Visitor"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
