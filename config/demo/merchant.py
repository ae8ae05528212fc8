"""The demo's merchant: a key pair that the simulator knows, and a few paid orders."""

import secrets
from typing import Any

import requests
from Crypto.PublicKey import RSA
from django.conf import settings

from accounts.official.models import OfficialAccount
from payments.merchants import setup
from payments.merchants.models import Merchant
from payments.orders import ordering
from payments.orders.models import Order
from wechat.sdk.pay.keys import read_private_key

SLUG = "demo"
TIMEOUT = (3, 30)
SALES = [("会员年卡", 19900), ("春季礼盒", 5990), ("周末手工课", 12800)]


def set_up(account: OfficialAccount) -> None:
    known = Merchant.objects.filter(slug=SLUG).first()
    merchant = known or _made()
    registration = _introduced(merchant, account)
    merchant.public_key_id = registration["platform"]["public_key_id"]
    merchant.public_key = registration["platform"]["public_key"]
    merchant.save()
    merchant.accounts.add(account)
    setup.begin(merchant)
    if known is None:
        _sell(account, merchant)


def _made() -> Merchant:
    return Merchant(
        slug=SLUG,
        name="演示商户",
        mchid=f"19{secrets.randbelow(10**8):08d}",
        serial_no=secrets.token_hex(20).upper(),
        private_key=RSA.generate(2048).export_key(pkcs=8).decode(),
        api_v3_key=secrets.token_hex(16),
    )


def _introduced(merchant: Merchant, account: OfficialAccount) -> Any:
    public_key = read_private_key(merchant.private_key).public_key().export_key().decode()
    return _post(
        "/merchants",
        {
            "mchid": merchant.mchid,
            "name": merchant.name,
            "appids": [account.appid],
            "public_key": public_key,
            "serial_no": merchant.serial_no,
            "apiv3_key": merchant.api_v3_key,
            "key_mode": "public_key",
        },
    )


def _sell(account: OfficialAccount, merchant: Merchant) -> None:
    """Makes a few orders and has the simulator pay them.

    The web process does not run yet and gets no notification; a worker asks half a minute later.
    """
    for number, (description, total) in enumerate(SALES):
        order = ordering.create(
            ordering.OrderRequest(
                account=account,
                merchant=merchant,
                source="demo",
                key=f"demo:{number}",
                way=Order.Way.NATIVE,
                total=total,
                description=description,
                item=description,
            )
        )
        prepay = ordering.place(order).prepay
        _post("/pay", {"prepay": prepay, "openid": f"oDemoPayer{number}", "wait": False})


def _post(path: str, body: dict[str, Any]) -> Any:
    answer = requests.post(f"{settings.WECHAT_PAY_API_BASE}/_sim{path}", json=body, timeout=TIMEOUT)
    answer.raise_for_status()
    return answer.json()
