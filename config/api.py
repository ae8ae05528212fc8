"""The routes below ``/api/v1/``, an app a line; the routes themselves are in each app's ``api`` module."""

from django.urls import URLPattern, URLResolver

from menus import api as menus
from wechat.login import api as login

urlpatterns: list[URLPattern | URLResolver] = [
    *login.urlpatterns,
    *menus.urlpatterns,
]
