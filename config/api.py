"""The routes below ``/api/v1/``, an app a line; the routes themselves are in each app's ``api`` module."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("wechat.pushes.api")),
]
