from collections.abc import Callable
from typing import Any

import pytest

from accounts.official.models import OfficialAccount
from payments.merchants.models import Merchant
from payments.shop.models import Item

Offered = Callable[..., Item]


@pytest.fixture
def offered(account: OfficialAccount, merchant: Merchant) -> Offered:
    """Returns a function that creates an item of the account, by default at ¥99.80."""

    def offer(**differently: Any) -> Item:
        usual = {"account": account, "merchant": merchant, "title": "手工课", "price": 9980}
        return Item.objects.create(**{**usual, **differently})

    return offer
