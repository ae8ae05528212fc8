"""The simulator's own cryptography against the published and the made vectors (WeChat reference 1.4)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import signing

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data/wechat/vectors/callback_crypto.json").read_text(encoding="utf-8")
)
PUBLISHED = VECTORS["published_examples"]
BROKEN = [each for each in VECTORS["negative"] if "signature mismatch" not in each["expect"]]
BROKEN = [each for each in BROKEN if "does not cover" not in each["expect"]]


def named(vectors: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(each, id=each["id"]) for each in vectors]


@pytest.mark.parametrize("vector", named(VECTORS["url_verification"]))
def test_the_verification_signature_is_the_platforms(vector: dict[str, Any]) -> None:
    made = signing.signature(vector["token"], vector["timestamp"], vector["nonce"])
    assert made == vector["signature"]


@pytest.mark.parametrize("vector", named(VECTORS["inbound"]))
def test_a_push_is_sealed_and_signed_as_the_platform_does(vector: dict[str, Any]) -> None:
    message, prefix = vector["plaintext_xml"].encode(), vector["random_prefix"].encode()
    sealed = signing.seal(message, vector["encoding_aes_key"], vector["appid"], prefix)
    assert sealed == vector["encrypt_base64"]
    stamp = (vector["timestamp"], vector["nonce"])
    assert signing.signature(vector["token"], *stamp) == vector["signature"]
    assert signing.signature(vector["token"], *stamp, sealed) == vector["msg_signature"]


@pytest.mark.parametrize("vector", named(VECTORS["replies"]))
def test_a_sealed_reply_can_be_opened(vector: dict[str, Any]) -> None:
    opened = signing.open_sealed(vector["encrypt_base64"], vector["encoding_aes_key"], vector["appid"])
    assert opened.decode() == vector["plaintext_xml"]
    parts = (vector["timestamp"], vector["nonce"], vector["encrypt_base64"])
    assert signing.signature(vector["token"], *parts) == vector["msg_signature"]


@pytest.mark.parametrize("vector", named(BROKEN))
def test_a_broken_envelope_is_refused_with_one_error(vector: dict[str, Any]) -> None:
    with pytest.raises(signing.EnvelopeError):
        signing.open_sealed(vector["encrypt_base64"], vector["encoding_aes_key"], vector["appid"])


@pytest.mark.parametrize("item", PUBLISHED["items"], ids=lambda item: item["kind"])
def test_the_numbers_on_the_platforms_own_page_come_out(item: dict[str, Any]) -> None:
    stamp = (item["timestamp"], item["nonce"])
    if "signature" in item:
        assert signing.signature(PUBLISHED["token"], *stamp) == item["signature"]
    if "encrypt_base64" in item:
        text, prefix = item["plaintext"].encode(), item["random_prefix"].encode()
        sealed = signing.seal(text, PUBLISHED["encoding_aes_key"], PUBLISHED["appid"], prefix)
        assert sealed == item["encrypt_base64"]
        assert signing.signature(PUBLISHED["token"], *stamp, sealed) == item["msg_signature"]


@given(st.binary(max_size=400))
def test_whatever_is_sealed_can_be_opened(message: bytes) -> None:
    key = PUBLISHED["encoding_aes_key"]
    assert signing.open_sealed(signing.seal(message, key, "wx1"), key, "wx1") == message


@given(st.text(max_size=200))
def test_wild_text_in_place_of_a_sealed_one_is_refused(text: str) -> None:
    with pytest.raises(signing.EnvelopeError):
        signing.open_sealed(text, PUBLISHED["encoding_aes_key"], "wx1")
