"""The routes below ``/api/v1/``: one line per app, which includes the routes of its ``api`` module."""

from django.urls import URLPattern, URLResolver, re_path

from menus import api as menus
from payments.orders import api as payments
from wechat.api import api as accounts
from wechat.api.views import UnknownCall
from wechat.channels import api as channels
from wechat.login import api as login
from wechat.pushes import api as pushes
from wechat.webhooks import api as webhooks

urlpatterns: list[URLPattern | URLResolver] = [
    *accounts.urlpatterns,
    *login.urlpatterns,
    *menus.urlpatterns,
    *channels.urlpatterns,
    *pushes.urlpatterns,
    *payments.urlpatterns,
    *webhooks.urlpatterns,
    # Last: whatever none of them has.
    re_path("", UnknownCall.as_view()),
]
