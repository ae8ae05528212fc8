import json
from base64 import b64decode
from typing import Any

import pytest
from Crypto.Cipher import PKCS1_OAEP

from tests.sdk.pay.vectors import KEYS, NOW, VECTORS, all_platform_keys, headers, merchant_keys, name
from wechat.sdk.pay import platform_certificates, verifying
from wechat.sdk.pay.certificates import read_certificate
from wechat.sdk.pay.errors import KeyRefused, NotGenuine, NotUnderstood, Unsealable
from wechat.sdk.pay.keys import platform_keys, read_private_key, read_public_key
from wechat.sdk.pay.notifications import open_notification
from wechat.sdk.pay.sealing import seal_field
from wechat.sdk.pay.transactions import read_refund, read_transaction

ANSWERS = VECTORS["response_signatures"]
NOTIFICATIONS = VECTORS["notifications"]
FIELDS = VECTORS["sensitive_fields"]
API_V3_KEY = KEYS["apiv3_key"].encode()


@pytest.mark.parametrize("vector", [one for one in ANSWERS if one["expect"]["valid"]], ids=name)
def test_a_genuine_answer_passes(vector: dict[str, Any]) -> None:
    verifying.check(all_platform_keys(), headers(vector), vector["body"].encode(), vector["now"])


@pytest.mark.parametrize("vector", [one for one in ANSWERS if not one["expect"]["valid"]], ids=name)
def test_any_other_answer_is_refused_with_the_reason(vector: dict[str, Any]) -> None:
    with pytest.raises(NotGenuine) as refused:
        verifying.check(all_platform_keys(), headers(vector), vector["body"].encode(), vector["now"])
    assert refused.value.reason == vector["expect"]["reason"]


def test_a_header_that_is_not_ascii_is_refused_and_breaks_nothing() -> None:
    given = {**ANSWERS[0]["headers"], "Wechatpay-Timestamp": "１７７２４１６８００"}
    with pytest.raises(NotGenuine):
        verifying.check(all_platform_keys(), given, ANSWERS[0]["body"].encode(), NOW)


@pytest.mark.parametrize("vector", [one for one in NOTIFICATIONS if one["expect"]["accepted"]], ids=name)
def test_a_genuine_notification_is_opened(vector: dict[str, Any]) -> None:
    notification = open_notification(
        all_platform_keys(), API_V3_KEY, headers(vector), vector["body"].encode(), vector["now"]
    )
    assert notification.resource == json.loads(vector["expect"]["plaintext"])
    assert notification.event_type == vector["expect"]["event_type"]
    read = read_refund if notification.event_type.startswith("REFUND") else read_transaction
    assert read(notification.resource).out_trade_no == notification.resource["out_trade_no"]


@pytest.mark.parametrize("vector", [one for one in NOTIFICATIONS if not one["expect"]["accepted"]], ids=name)
def test_any_other_notification_is_refused_with_the_reason(vector: dict[str, Any]) -> None:
    with pytest.raises((NotGenuine, Unsealable)) as refused:
        open_notification(
            all_platform_keys(), API_V3_KEY, headers(vector), vector["body"].encode(), vector["now"]
        )
    reason = refused.value.reason if isinstance(refused.value, NotGenuine) else "decrypt"
    assert reason == vector["expect"]["reason"]


@pytest.mark.parametrize("vector", VECTORS["notifications_authentic_but_wrong"], ids=name)
def test_what_is_genuine_but_wrong_is_opened_for_others_to_judge(vector: dict[str, Any]) -> None:
    notification = open_notification(
        all_platform_keys(), API_V3_KEY, headers(vector), vector["body"].encode(), vector["now"]
    )
    transaction, ours = read_transaction(notification.resource), vector["local_order"]
    seen = (transaction.mchid, transaction.appid, transaction.total)
    assert seen != (ours["mchid"], ours["appid"], ours["total"])


def test_the_certificates_of_a_list_are_read_and_their_answer_verified_with_them() -> None:
    vector = VECTORS["certificates_response"]
    body = vector["body"].encode()
    certificates = platform_certificates.read(body, API_V3_KEY)
    assert [one.serial_no for one in certificates] == vector["expect"]["serials"]
    assert {one.serial_no: one.pem for one in certificates} == vector["expect"]["certificates_pem"]
    keys = platform_keys(certificates)
    assert keys.preferred == vector["expect"]["newest_for_encryption"]
    verifying.check(keys, headers(vector), body, vector["now"])


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data":[{}]}', b'{"data":1}', b"{" * 100_000])
def test_a_list_of_certificates_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        platform_certificates.read(body, API_V3_KEY)


def test_a_certificate_under_the_serial_number_of_another_is_refused() -> None:
    body = json.loads(VECTORS["certificates_response"]["body"])
    body["data"][0]["serial_no"] = "A" * 40
    with pytest.raises(NotUnderstood):
        platform_certificates.read(json.dumps(body).encode(), API_V3_KEY)


def test_during_a_switch_the_public_key_is_preferred_and_certificates_still_hold() -> None:
    keys = all_platform_keys()
    assert keys.preferred == KEYS["wechatpay_public_key"]["public_key_id"]
    assert len(keys.by_serial) == 3


@pytest.mark.parametrize("pem", ["", "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----", "x" * 99])
def test_what_is_no_certificate_is_refused(pem: str) -> None:
    with pytest.raises(KeyRefused):
        read_certificate(pem)


def test_keys_in_each_others_place_are_refused() -> None:
    merchant = KEYS["merchant"]
    with pytest.raises(KeyRefused):
        read_private_key(merchant["public_key_pem"])
    with pytest.raises(KeyRefused):
        read_public_key(merchant["private_key_pem"])
    with pytest.raises(KeyRefused):
        read_private_key("nonsense")


@pytest.mark.parametrize("vector", FIELDS["uplink"], ids=lambda one: str(one["plaintext"])[:8])
def test_a_sealed_field_opens_with_the_key_it_was_sealed_for(vector: dict[str, Any]) -> None:
    platform = {one["serial_no"]: one for one in KEYS["platform_certificates"]}
    holder = platform.get(vector["wechatpay_serial"], KEYS["wechatpay_public_key"])
    private = read_private_key(holder["private_key_pem"])
    public = all_platform_keys().by_serial[vector["wechatpay_serial"]]
    for sealed in (vector["ciphertext"], seal_field(vector["plaintext"], public)):
        assert PKCS1_OAEP.new(private).decrypt(b64decode(sealed)).decode() == vector["plaintext"]


def test_a_field_that_is_too_long_is_refused_before_it_is_sealed() -> None:
    with pytest.raises(ValueError, match="214"):
        seal_field("a" * 215, all_platform_keys().by_serial[KEYS["wechatpay_public_key"]["public_key_id"]])


def test_keys_are_shown_nowhere() -> None:
    shown = repr(merchant_keys()) + repr(all_platform_keys())
    assert "RSA" not in shown
    assert KEYS["apiv3_key"] not in shown


TRANSACTION = {
    "out_trade_no": "A1",
    "trade_state": "SUCCESS",
    "amount": {"total": 100},
    "success_time": "2026-03-02T10:00:00+08:00",
}


@pytest.mark.parametrize(
    "odd",
    [
        {"out_trade_no": ""},
        {"out_trade_no": ["A1"]},
        {"trade_state": None},
        {"amount": [100]},
        {"amount": {"total": 1.5}},
        {"amount": {"total": -1}},
        {"amount": {"total": "1.5"}},
        {"amount": {"total": True}},
        {"amount": {"total": 10**18}},
        {"success_time": "yesterday"},
        {"success_time": "2026-03-02T10:00:00"},
        {"payer": "somebody"},
    ],
)
def test_a_transaction_that_makes_no_sense_is_refused(odd: dict[str, Any]) -> None:
    assert read_transaction(TRANSACTION).total == 100
    with pytest.raises(NotUnderstood):
        read_transaction({**TRANSACTION, **odd})


def test_an_unpaid_order_reads_as_observed() -> None:
    """The platform sends it without currency, payer or time."""
    found = read_transaction(
        {
            "amount": {"payer_currency": "CNY", "total": 100},
            "appid": "wx1",
            "mchid": "19",
            "out_trade_no": "A1",
            "promotion_detail": [],
            "scene_info": {"device_id": ""},
            "trade_state": "NOTPAY",
            "trade_state_desc": "订单未支付",
        }
    )
    assert not found.is_paid
    assert (found.total, found.currency, found.transaction_id, found.success_time) == (100, "", "", None)
