"""The routes below ``/api/v1/``, an app a line; the routes themselves are in each app's ``api`` module."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
