"""The simulator's own cryptography against published and recorded values."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from Crypto.Hash import SHA256
from Crypto.PublicKey import RSA
from Crypto.Signature import pkcs1_15

from simulator.pay import certificates, keys, sealing
from simulator.pay.authorization import Asked, caller
from simulator.pay.errors import PayError
from simulator.pay.state import Merchant
from tests.simulator.pay.conftest import APIV3_KEY, KEYS, MCHID, SERIAL, VECTORS


def merchants() -> dict[str, Merchant]:
    return {MCHID: Merchant(MCHID, certificates={SERIAL: KEYS["merchant"]["certificate_pem"]})}


def asked(vector: dict[str, Any]) -> Asked:
    parts = urlsplit(vector["url"])
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return Asked(vector["method"], target, vector.get("body", "").encode())


@pytest.mark.parametrize(
    "vector",
    [each for each in VECTORS["request_signatures"] if "multipart" not in each["name"]],
    ids=lambda each: each["name"],
)
def test_a_recorded_request_is_let_in_and_signed_the_same(vector: dict[str, Any]) -> None:
    merchant, nonce = caller(asked(vector), vector["authorization"], merchants(), int(vector["timestamp"]))
    assert (merchant.mchid, nonce) == (MCHID, vector["nonce_str"])
    key = keys.from_pem(KEYS["merchant"]["private_key_pem"])
    assert key.sign(vector["message"].encode()) == vector["signature"]


@pytest.mark.parametrize("vector", VECTORS["request_rejections"], ids=lambda each: each["name"])
def test_a_recorded_forgery_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(PayError) as refusal:
        caller(asked(vector), vector["authorization"], merchants(), vector["server_now"])
    assert (refusal.value.status, refusal.value.code) == (
        vector["expect"]["http_status"],
        vector["expect"]["code"],
    )


@pytest.mark.parametrize("vector", VECTORS["client_invoke"], ids=lambda each: each["kind"])
def test_a_recorded_bridge_signature_verifies(vector: dict[str, Any]) -> None:
    public = KEYS["merchant"]["certificate_pem"]
    assert keys.verifies(public, vector["message"].encode(), vector["signature"])
    assert not keys.verifies(public, vector["message"].encode() + b" ", vector["signature"])
    assert not keys.verifies(public, vector["message"].encode(), "not base64!")


@pytest.mark.parametrize("name", ["request_post_jsapi", "jsapi_pay_sign", "app_pay_sign"])
def test_a_signature_printed_in_the_documentation_verifies(name: str) -> None:
    published = VECTORS["published_known_answers"]
    public = published["merchant_public_key_pem"]
    assert keys.verifies(public, published[name]["message"].encode(), published[name]["signature"])


def test_a_recorded_notification_opens_to_its_plaintext() -> None:
    for vector in VECTORS["notifications"]:
        if plain := vector["expect"].get("plaintext"):
            assert sealing.open_sealed(json.loads(vector["body"])["resource"], APIV3_KEY) == plain.encode()


def test_what_was_sealed_opens_and_a_changed_letter_does_not() -> None:
    sealed = sealing.seal("支付成功".encode(), APIV3_KEY, "transaction")
    assert sealing.open_sealed(sealed, APIV3_KEY).decode() == "支付成功"
    with pytest.raises(sealing.SealError):
        sealing.open_sealed({**sealed, "associated_data": "refund"}, APIV3_KEY)
    with pytest.raises(sealing.SealError):
        sealing.open_sealed({**sealed, "ciphertext": "AAAA" + sealed["ciphertext"][4:]}, APIV3_KEY)


def test_a_recorded_refund_notification_of_v2_opens() -> None:
    vector = VECTORS["v2"]["refund_notify"]
    plain = sealing.open_v2(vector["req_info"], KEYS["apiv2_key"])
    assert plain == vector["plaintext"].encode()
    assert sealing.seal_v2(plain, KEYS["apiv2_key"]) == vector["req_info"]


@pytest.mark.parametrize(
    "vector", VECTORS["sensitive_fields"]["uplink"], ids=lambda each: each["plaintext"][:12]
)
def test_a_sensitive_field_opens_with_the_key_it_was_made_for(vector: dict[str, Any]) -> None:
    pem = KEYS["wechatpay_public_key"]["private_key_pem"]
    if "platform" in vector["decrypt_with"]:
        pem = KEYS["platform_certificates"][
            int("new" in vector["decrypt_with"] or "[1]" in vector["decrypt_with"])
        ]["private_key_pem"]
    assert keys.from_pem(pem).open_field(vector["ciphertext"]).decode() == vector["plaintext"]
    with pytest.raises(keys.SealedFieldError):
        keys.from_pem(KEYS["merchant"]["private_key_pem"]).open_field(vector["ciphertext"])


def test_a_key_of_many_primes_is_an_ordinary_key_to_who_verifies() -> None:
    key = keys.new_key()
    public = RSA.import_key(key.public_pem)
    assert public.size_in_bits() == 2048
    pkcs1_15.new(public).verify(SHA256.new(b"message"), base64.b64decode(key.sign(b"message")))


def test_a_made_certificate_names_its_serial_and_its_key() -> None:
    key, serial = keys.new_key(), certificates.new_serial(leading_zero=True)
    pem = certificates.certificate("测试", serial, key, 1_772_416_800, 1_930_096_800)
    assert serial.startswith("0")
    assert certificates.serial_of(pem) == serial
    assert RSA.import_key(pem).n == key.public.n


def test_the_serials_of_recorded_certificates_are_read_with_their_leading_zeros() -> None:
    for each in KEYS["platform_certificates"]:
        assert certificates.serial_of(each["certificate_pem"]) == each["serial_no"]
