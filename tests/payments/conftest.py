from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.official.models import OfficialAccount
from accounts.staff.models import StaffRight
from payments.merchants.models import Merchant
from payments.orders import ordering
from payments.orders.models import Order
from tests.cast import member, signed_in
from tests.payments.simulated_merchants import create_merchant
from tests.payments.world import TRANSACTIONS, notify, reply, usual_order
from tests.sdk.pay.platform import PayPlatform
from tests.sdk.pay.vectors import KEYS
from tests.sdk.platform import serving
from tests.simulated import Simulated
from wechat.sdk.transport import shared_session


@pytest.fixture(autouse=True)
def _bills_kept_for_the_test(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def money(account: OfficialAccount) -> Client:
    """A browser in which somebody with the role for money is signed in."""
    return signed_in(member("money", account, StaffRight.Role.FINANCE))


@pytest.fixture
def merchant(account: OfficialAccount) -> Merchant:
    """A merchant in public key mode, who sells through the account."""
    merchant = Merchant.objects.create(
        slug="shop",
        name="演示商户",
        mchid=KEYS["mchid"],
        serial_no=KEYS["merchant"]["serial_no"],
        private_key=KEYS["merchant"]["private_key_pem"],
        api_v3_key=KEYS["apiv3_key"],
        public_key_id=KEYS["wechatpay_public_key"]["public_key_id"],
        public_key=KEYS["wechatpay_public_key"]["public_key_pem"],
    )
    merchant.accounts.add(account)
    return merchant


@pytest.fixture
def pay(settings: Settings) -> Iterator[PayPlatform]:
    """WeChat Pay with answers set by the test; orders are accepted."""
    platform = PayPlatform()
    platform.pay[f"{TRANSACTIONS}/jsapi"] = lambda request: reply(prepay_id="wx1")
    platform.pay[f"{TRANSACTIONS}/native"] = lambda request: reply(code_url="weixin://wxpay/bizpayurl?pr=1")
    platform.pay[f"{TRANSACTIONS}/h5"] = lambda request: reply(h5_url="https://wx.tenpay.com/x?prepay_id=1")
    with serving(platform) as base:
        settings.WECHAT_PAY_API_BASE = base
        yield platform
        # Otherwise the pool would outlive the server, with connections to a port that another server may get.
        shared_session.cache_clear()


Ordered = Callable[..., Order]


@pytest.fixture
def wanted(account: OfficialAccount, merchant: Merchant) -> Callable[..., ordering.OrderRequest]:
    def want(**differently: Any) -> ordering.OrderRequest:
        return usual_order(**{"account": account, "merchant": merchant, **differently})

    return want


@pytest.fixture
def ordered(wanted: Callable[..., ordering.OrderRequest], pay: PayPlatform) -> Ordered:
    """Returns a function that places an order, which WeChat Pay accepts and nobody has paid."""

    def order(**differently: Any) -> Order:
        return ordering.place(ordering.create(wanted(**differently)))

    return order


@pytest.fixture
def paid(ordered: Ordered) -> Order:
    order = ordered()
    assert notify(order).status_code == 204
    order.refresh_from_db()
    return order


@pytest.fixture
def simulated_merchant(
    simulated: Simulated, live_server: LiveServer, account: OfficialAccount, settings: Settings
) -> Iterator[Merchant]:
    """A merchant at the simulator, which sends notifications to this process."""
    settings.WECHAT_PAY_API_BASE = simulated.base
    settings.PUBLIC_URL = live_server.url
    simulated.create_account(account)
    simulated.sim("/settings", {"sign_with_clock": True})
    yield create_merchant(simulated, account, KEYS["mchid"])
    shared_session.cache_clear()
