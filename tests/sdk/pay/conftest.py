from collections.abc import Iterator

import pytest

from tests.sdk.pay.platform import PayPlatform
from tests.sdk.platform import serving


@pytest.fixture
def pay() -> PayPlatform:
    return PayPlatform()


@pytest.fixture
def pay_base(pay: PayPlatform) -> Iterator[str]:
    with serving(pay) as base:
        yield base
