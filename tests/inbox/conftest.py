from collections.abc import Callable, Iterator

import pytest
from django_redis import get_redis_connection

from tests.callbacks import Got, post
from tests.platform import Platform
from wechat.inbox import routing


@pytest.fixture
def only_these_handlers() -> Iterator[None]:
    """Removes all handlers of messages, so that only those registered by the test answer or react."""
    with routing.replaced():
        yield


@pytest.fixture
def clean_redis() -> Iterator[None]:
    get_redis_connection("default").flushdb()
    yield
    get_redis_connection("default").flushdb()


@pytest.fixture
def deliver(platform: Platform) -> Callable[[str | bytes], Got]:
    """Returns a function that pushes XML like the platform, encrypted, and returns the HTTP response."""
    return lambda xml: post(platform.safe(xml))
