"""A merchant without a public key has WeChat Pay's certificates fetched, however its keys were entered."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.official.doctor import Level
from accounts.official.models import OfficialAccount
from payments.merchants.models import Merchant
from payments.orders import checkup, ordering
from payments.orders.states import OrderState
from tests.cast import Cast, signed_in
from tests.payments.world import usual_order
from tests.sdk.pay.vectors import KEYS
from tests.simulated import Simulated
from wechat.kernel import work
from wechat.sdk.transport import shared_session

pytestmark = pytest.mark.django_db(transaction=True)

MERCHANTS = "/admin/merchants/merchant"
FETCH = "merchants.refresh_certificates"
V3_KEY, V2_KEY = "k" * 32, "v" * 32
NO_PUBLIC_KEY = {"public_key_id": "", "public_key": ""}


@pytest.fixture
def registered(
    simulated: Simulated, live_server: LiveServer, account: OfficialAccount, settings: Settings
) -> Iterator[dict[str, Any]]:
    """A merchant that the simulator knows and signs for with a certificate, which notifies this process."""
    settings.WECHAT_PAY_API_BASE = simulated.base
    settings.PUBLIC_URL = live_server.url
    simulated.create_account(account)
    simulated.sim("/settings", {"sign_with_clock": True})
    certificate = KEYS["merchant"]["certificate_pem"]
    given = {"apiv3_key": V3_KEY, "v2_key": V2_KEY, "certificate": certificate, "key_mode": "switching"}
    simulated.create_merchant(KEYS["mchid"], account.appid, **given)
    yield simulated.create_merchant(KEYS["mchid"], account.appid, key_mode="certificate")
    shared_session.cache_clear()


@pytest.fixture
def save(registered: dict[str, Any], account: OfficialAccount, staff: Cast) -> Callable[..., Merchant]:
    """Saves the merchant on its page, as the superuser does, and returns it."""
    client: Client = signed_in(staff.superuser)

    def saved(**differently: Any) -> Merchant:
        usual = {
            "name": "演示商户",
            "slug": "shop",
            "mchid": registered["mchid"],
            "accounts": [account.pk],
            "enabled": "on",
            "serial_no": KEYS["merchant"]["serial_no"],
            "new_private_key": KEYS["merchant"]["private_key_pem"],
            "new_api_v3_key": V3_KEY,
            "protocol": Merchant.Protocol.V3,
            **NO_PUBLIC_KEY,
        }
        known = Merchant.objects.first()
        address = f"{MERCHANTS}/{known.pk}/change/" if known else f"{MERCHANTS}/add/"
        answer = client.post(address, {**usual, **differently})
        assert answer.status_code == 302, answer.content.decode()
        return Merchant.objects.get()

    return saved


def public_key(registered: dict[str, Any]) -> dict[str, str]:
    return {name: registered["platform"][name] for name in NO_PUBLIC_KEY}


def known_serials(merchant: Merchant) -> list[str]:
    return list(merchant.certificates.values_list("serial_no", flat=True))


def test_a_merchant_made_on_the_page_takes_orders_and_hears_that_they_are_paid(
    save: Callable[..., Merchant], simulated: Simulated, account: OfficialAccount
) -> None:
    merchant = save()
    assert work.run(FETCH) == 1
    wanted = usual_order(account=account, merchant=merchant, openid="oPayer")
    order = ordering.place(ordering.create(wanted))
    simulated.pay(order.prepay, "oPayer")
    order.refresh_from_db()
    assert order.state == OrderState.PAID


def test_an_apiv3_key_that_is_another_one_there_is_named_until_it_is_right(
    save: Callable[..., Merchant], account: OfficialAccount, staff: Cast
) -> None:
    merchant = save(new_api_v3_key="w" * 32)
    work.run(FETCH)
    page = signed_in(staff.superuser).get(f"{MERCHANTS}/{merchant.pk}/change/")
    assert "APIv3 密钥与微信支付" in page.content.decode()
    named = [str(found.sentence) for found in checkup.merchants(account) if found.level is Level.FAULT]
    assert len([each for each in named if "APIv3" in each]) == 1
    merchant = save()
    assert work.run(FETCH) == 1
    assert known_serials(merchant)
    assert not [each for each in checkup.merchants(account) if "APIv3" in str(each.sentence)]


@pytest.mark.parametrize("protocol", [Merchant.Protocol.MD5, Merchant.Protocol.HMAC])
def test_the_bills_of_a_merchant_of_the_older_interface_need_them_too(
    save: Callable[..., Merchant], registered: dict[str, Any], protocol: str
) -> None:
    certificate = KEYS["merchant"]["certificate_pem"]
    merchant = save(protocol=protocol, new_api_v2_key=V2_KEY, certificate=certificate)
    work.run(FETCH)
    assert known_serials(merchant) == [one["serial_no"] for one in registered["platform"]["certificates"]]


def test_who_enters_the_public_key_ends_it_and_who_clears_it_begins_it_again(
    save: Callable[..., Merchant], registered: dict[str, Any]
) -> None:
    merchant = save(**public_key(registered))
    assert (work.run(FETCH), known_serials(merchant)) == (0, [])
    save()
    assert work.run(FETCH) == 1
    assert known_serials(merchant)
    save(**public_key(registered))
    Merchant.objects.update(due_at=merchant.created_at)
    assert work.run(FETCH) == 0
