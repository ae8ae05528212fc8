"""The routes below ``/api/v1/``: a line for each module with routes of the API."""

from django.urls import URLPattern, URLResolver, re_path

from menus import api as menus
from payments.orders import api as payments
from wechat.api import access_token_api, follower_api
from wechat.api.views import UnknownCall
from wechat.channels import api as channels
from wechat.login import api as login
from wechat.pushes import api as pushes
from wechat.webhooks import api as webhooks

urlpatterns: list[URLPattern | URLResolver] = [
    *follower_api.urlpatterns,
    *access_token_api.urlpatterns,
    *login.urlpatterns,
    *menus.urlpatterns,
    *channels.urlpatterns,
    *pushes.urlpatterns,
    *payments.urlpatterns,
    *webhooks.urlpatterns,
    # Last: whatever none of them has.
    re_path("", UnknownCall.as_view()),
]
