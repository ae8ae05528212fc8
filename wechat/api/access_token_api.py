"""The API of an account's access token."""

import time

from django.urls import path
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.official.clients import access_token_of
from wechat.api import scopes
from wechat.api.models import TokenAccess
from wechat.api.schema import BY_PLATFORM
from wechat.api.serializers import AccessTokenSerializer
from wechat.api.views import BusinessView
from wechat.kernel.addresses import client_address

TOKEN = scopes.register("token:read", gettext_lazy("Get the access token: act as the account in everything"))


class AccessToken(BusinessView):
    scopes = {"GET": TOKEN}
    refusals = {"GET": BY_PLATFORM}

    @extend_schema(responses=AccessTokenSerializer)
    def get(self, request: Request) -> Response:
        """Returns the access token of an account, for systems that call WeChat themselves.

        Every access is recorded. They must not fetch a token on their own: it could end the one that the
        console uses.
        """
        TokenAccess.objects.create(
            client=self.client, account=self.account, address=client_address(request) or None
        )
        token = access_token_of(self.account)
        answer = {"access_token": token.value, "expires_in": max(0, int(token.expires_at - time.time()))}
        return Response(answer, headers={"Cache-Control": "no-store"})


urlpatterns = [path("access-token/", AccessToken.as_view())]
