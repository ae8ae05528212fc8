from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.official.doctor import Level
from accounts.official.models import OfficialAccount
from payments.bills.models import Bill
from payments.merchants import directory
from payments.merchants.models import Merchant
from payments.orders import checkup
from tests.payments.world import reply
from tests.sdk.pay.platform import PayPlatform, refused
from tests.sdk.pay.vectors import KEYS
from tests.sdk.platform import Reply


@pytest.fixture
def given(tmp_path: Path) -> dict[str, Any]:
    files = {
        "private_key": KEYS["merchant"]["private_key_pem"],
        "public_key": KEYS["wechatpay_public_key"]["public_key_pem"],
        "platform_cert": KEYS["platform_certificates"][1]["certificate_pem"],
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    return {
        "mchid": KEYS["mchid"],
        "serial": KEYS["merchant"]["serial_no"],
        "private_key": str(tmp_path / "private_key"),
        "apiv3_key": KEYS["apiv3_key"],
        "public_key_id": KEYS["wechatpay_public_key"]["public_key_id"],
        "public_key": str(tmp_path / "public_key"),
    }


def configure(**options: Any) -> str:
    out = StringIO()
    call_command("configure_merchant", "shop", stdout=out, **options)
    return out.getvalue()


def test_a_merchant_is_made_and_its_addresses_are_told(
    account: OfficialAccount, given: dict[str, Any], settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://wechat.example.com"
    assert configure(**given).splitlines() == [
        "https://wechat.example.com/pay/shop/notify/transaction",
        "https://wechat.example.com/pay/shop/notify/refund",
    ]
    merchant = Merchant.objects.get()
    assert list(merchant.accounts.all()) == [account]
    assert merchant.due_at is None
    assert Bill.objects.count() == 2
    assert directory.find("shop")


def test_in_certificate_mode_the_certificates_are_fetched_from_now_on(
    account: OfficialAccount, given: dict[str, Any], tmp_path: Path
) -> None:
    del given["public_key"], given["public_key_id"]
    configure(**given, platform_cert=[str(tmp_path / "platform_cert")])
    merchant = Merchant.objects.get()
    assert merchant.due_at
    assert merchant.certificates.get().serial_no == KEYS["platform_certificates"][1]["serial_no"]
    configure(name="新名字")
    assert Merchant.objects.get().name == "新名字"


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("apiv3_key", "short", "32"),
        ("serial", "3A", "--serial: .*40"),
        ("mchid", "abc", "--mchid: "),
        ("public_key_id", "0119", "PUB_KEY_ID_"),
        ("private_key", "/nowhere", "/nowhere cannot be read: No such file or directory"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(
    account: OfficialAccount, given: dict[str, Any], option: str, value: str, complaint: str
) -> None:
    with pytest.raises(CommandError, match=complaint):
        configure(**{**given, option: value})
    assert not Merchant.objects.exists()


def test_keys_in_each_others_place_are_noticed(account: OfficialAccount, given: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match="apiclient_key"):
        configure(**{**given, "private_key": given["public_key"]})
    with pytest.raises(CommandError, match="pub_key"):
        configure(**{**given, "public_key": given["private_key"]})


def test_an_account_that_is_not_there_is_named(account: OfficialAccount, given: dict[str, Any]) -> None:
    with pytest.raises(CommandError, match="nobody"):
        configure(**given, account=["nobody"])


def faults(account: OfficialAccount) -> list[str]:
    return [str(found.sentence) for found in checkup.merchants(account) if found.level is Level.FAULT]


def answer_everything(pay: PayPlatform, answer: Reply) -> None:
    class Always(dict[str, Any]):
        def __missing__(self, path: str) -> Any:
            return lambda request: answer

    pay.pay = Always()


def test_the_doctor_finds_a_key_that_is_not_the_serials(
    account: OfficialAccount, merchant: Merchant, pay: PayPlatform
) -> None:
    answer_everything(pay, refused(404, "ORDER_NOT_EXIST"))
    assert not any("签名" in fault for fault in faults(account))
    Merchant.objects.update(serial_no="A" * 40)
    assert any("签名错误" in fault for fault in faults(account))


def test_the_doctor_finds_an_appid_that_is_not_bound(
    account: OfficialAccount, merchant: Merchant, pay: PayPlatform
) -> None:
    answer_everything(pay, refused(400, "APPID_MCHID_NOT_MATCH"))
    assert any(account.appid in fault for fault in faults(account))


def test_the_doctor_finds_that_notifications_do_not_arrive_and_that_keys_are_missing(
    account: OfficialAccount, merchant: Merchant, pay: PayPlatform, settings: Settings
) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:1"
    answer_everything(pay, reply())
    Merchant.objects.update(public_key_id="", public_key="")
    found = faults(account)
    assert any("127.0.0.1:1" in fault for fault in found)
    assert len(found) >= 2
