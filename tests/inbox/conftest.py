from collections.abc import Callable, Iterator

import pytest
from django_redis import get_redis_connection

from tests.callbacks import Got, post
from tests.platform import Platform
from wechat.inbox import routing


@pytest.fixture
def only_these_handlers() -> Iterator[None]:
    """Removes every handler of messages, so that only those answer or react that the test registers."""
    with routing.replaced():
        yield


@pytest.fixture
def clean_redis() -> Iterator[None]:
    get_redis_connection("default").flushdb()
    yield
    get_redis_connection("default").flushdb()


@pytest.fixture
def deliver(platform: Platform) -> Callable[[str | bytes], Got]:
    """Pushes this XML as the platform would, sealed; returns the HTTP response."""
    return lambda xml: post(platform.safe(xml))
