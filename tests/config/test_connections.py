"""Tests of database connections of pages: they are returned however a request ends."""

import asyncio
from typing import Any

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse
from django.urls import path
from pytest_django import Settings

from config.asgi import application

used: list[BaseDatabaseWrapper] = []


class Leaves(BaseException):
    """An exception that Django does not convert to a response."""


def view(request: HttpRequest) -> HttpResponse:
    connection.ensure_connection()
    # The proxy stands for another thread's connection elsewhere.
    used.append(connection._connections[connection._alias])  # type: ignore[attr-defined]
    raise Leaves


urlpatterns = [path("leaves/", view)]


@pytest.mark.django_db(transaction=True)
def test_an_exception_that_leaves_django_gives_its_connection_back(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/leaves/",
        "root_path": "", "query_string": b"", "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1), "server": ("localhost", 80),
    }  # fmt: skip

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(event: Any) -> None:
        raise AssertionError(event)

    with pytest.raises(Leaves):
        asyncio.run(application(scope, receive, send))
    (its,) = used
    assert its.connection is None
