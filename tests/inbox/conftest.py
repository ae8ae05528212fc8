from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django_redis import get_redis_connection

from tests.platform import Platform, Push
from wechat.inbox import routing

PATH = "/wechat/demo/callback"


@pytest.fixture
def only_these_handlers() -> Iterator[None]:
    """Nothing answers or reacts but what the test registers."""
    with routing.replaced():
        yield


@pytest.fixture
def clean_redis() -> Iterator[None]:
    get_redis_connection("default").flushdb()
    yield
    get_redis_connection("default").flushdb()


@pytest.fixture
def deliver(client: Client, platform: Platform) -> Callable[[str | bytes], Any]:
    """Push this XML as the platform would, sealed; gives the HTTP response."""

    def push(xml: str | bytes) -> Any:
        return post(client, platform.safe(xml))

    return push


def post(client: Client, push: Push, path: str = PATH) -> Any:
    return client.post(path, push.body, content_type="text/xml", query_params=push.query)
