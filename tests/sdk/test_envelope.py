"""Tests of the envelopes of callbacks: recorded pushes, and forged or malformed ones."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tests.sdk.data import VECTORS, keys, label, query
from wechat.sdk.crypto import MessageCipher, sign
from wechat.sdk.envelope import MAX_BODY, CallbackKeys, Mode, open_envelope, seal, verify_query
from wechat.sdk.errors import EnvelopeError

TEXT = VECTORS["inbound"][0]
CLICK = next(vector for vector in VECTORS["inbound"] if vector["mode"] == "compatible")
BODY = TEXT["http_body"].encode()
PLAIN = TEXT["plaintext_xml"].encode()
NOW = int(TEXT["timestamp"])


def refusal(account: CallbackKeys, parameters: dict[str, str], body: bytes, now: float = NOW) -> str:
    with pytest.raises(EnvelopeError) as refused:
        open_envelope(account, parameters, body, now)
    return refused.value.reason


def signed(token: str, *, at: int = NOW, nonce: str = "42", body: str = "") -> dict[str, str]:
    parameters = {"timestamp": str(at), "nonce": nonce}
    if body:
        return {**parameters, "msg_signature": sign(token, str(at), nonce, body)}
    return {**parameters, "signature": sign(token, str(at), nonce)}


@pytest.mark.parametrize("vector", VECTORS["url_verification"], ids=label)
def test_the_platform_may_verify_the_address_in_every_mode(vector: dict[str, str]) -> None:
    for mode in Mode:
        account = keys({**VECTORS["accounts"][vector["account"]]}, mode=mode)
        verify_query(account, query(vector), int(vector["timestamp"]) + 5)


@pytest.mark.parametrize("mode", Mode)
def test_an_unsigned_echostr_is_never_accepted(mode: Mode) -> None:
    with pytest.raises(EnvelopeError, match="missing"):
        verify_query(keys(TEXT, mode=mode), {"echostr": "1", "timestamp": str(NOW), "nonce": "1"}, NOW)


@pytest.mark.parametrize("vector", VECTORS["inbound"], ids=label)
@pytest.mark.parametrize("mode", [Mode.SAFE, Mode.COMPATIBLE])
def test_every_recorded_push_opens(vector: dict[str, Any], mode: Mode) -> None:
    opened = open_envelope(
        keys(vector, mode=mode), query(vector), vector["http_body"].encode(), int(vector["timestamp"]) + 2
    )
    assert opened.body == vector["plaintext_xml"].encode()
    assert opened.token == vector["token"]


EXPECTED = {
    "neg-wrong-msg-signature": "signature",
    "neg-plain-signature-used-instead": "signature",
    "neg-appid-mismatch": "appid",
    "neg-tampered-ciphertext": "signature",
    "neg-truncated-ciphertext": "length",
    "neg-bad-padding": "padding",
    "neg-length-field-too-big": "length",
}


@pytest.mark.parametrize("vector", VECTORS["negative"], ids=label)
def test_every_recorded_forgery_is_refused_for_its_own_reason(vector: dict[str, Any]) -> None:
    parameters = {name: vector[name] for name in ("timestamp", "nonce", "msg_signature")}
    body = f"<xml><Encrypt><![CDATA[{vector['encrypt_base64']}]]></Encrypt></xml>".encode()
    assert refusal(keys(vector), parameters, body) == EXPECTED[vector["id"]]


@pytest.mark.parametrize("mode", [Mode.SAFE, Mode.COMPATIBLE])
@pytest.mark.parametrize(
    "extra", [{}, {"encrypt_type": "raw"}, {"encrypt_type": "aes", "msg_signature": "0" * 40}]
)
def test_an_encrypted_account_never_reads_plaintext(mode: Mode, extra: dict[str, str]) -> None:
    parameters = {**signed(TEXT["token"]), **extra}
    assert refusal(keys(TEXT, mode=mode), parameters, PLAIN) == "downgraded"
    assert refusal(keys(TEXT, mode=mode), parameters, b'{"ToUserName":"gh_1"}') == "downgraded"


def test_compatible_mode_believes_the_encrypted_part_and_not_the_plain_one() -> None:
    body = CLICK["http_body"].replace("MENU_TODAY", "MENU_FORGED").encode()
    account = keys(CLICK, mode=Mode.COMPATIBLE)
    opened = open_envelope(account, query(CLICK), body, int(CLICK["timestamp"]))
    assert b"MENU_FORGED" not in opened.body
    assert b"MENU_TODAY" in opened.body


def test_a_follower_who_types_an_encrypt_element_is_still_heard() -> None:
    typed = "<Content><![CDATA[<Encrypt>AAAA</Encrypt>]]></Content><Encrypt>"
    body = TEXT["http_body"].replace("<Encrypt>", typed, 1).encode()
    assert open_envelope(keys(TEXT, mode=Mode.COMPATIBLE), query(TEXT), body, NOW).body == PLAIN


def test_encrypted_text_without_its_signature_is_refused() -> None:
    assert refusal(keys(TEXT), signed(TEXT["token"]), BODY) == "missing"


def test_a_query_signature_may_be_absent_in_safe_mode_but_never_wrong() -> None:
    parameters = query(TEXT)
    wrong = {**parameters, "signature": "0" * 40}
    del parameters["signature"]
    assert open_envelope(keys(TEXT), parameters, BODY, NOW).body == PLAIN
    assert refusal(keys(TEXT), wrong, BODY) == "signature"


@pytest.mark.parametrize("age", [-300, 0, 300])
def test_five_minutes_either_way_are_fresh(age: int) -> None:
    assert open_envelope(keys(TEXT), query(TEXT), BODY, NOW + age).body == PLAIN


@pytest.mark.parametrize("age", [-301, 301, 86_400])
def test_older_or_newer_is_stale_in_every_mode(age: int) -> None:
    assert refusal(keys(TEXT), query(TEXT), BODY, NOW + age) == "stale"
    assert refusal(keys(TEXT, mode=Mode.PLAIN), signed(TEXT["token"]), PLAIN, NOW + age) == "stale"


@pytest.mark.parametrize("timestamp", ["never", "9" * 5000, "1e9", "-1", "١٧٦٩٩٠٧٦٠١"])
def test_a_timestamp_that_is_no_time_is_refused(timestamp: str) -> None:
    parameters = {"timestamp": timestamp, "nonce": "1", "signature": sign(TEXT["token"], timestamp, "1")}
    assert refusal(keys(TEXT, mode=Mode.PLAIN), parameters, PLAIN) == "malformed"


def test_plain_mode_hands_over_the_body_it_was_given() -> None:
    opened = open_envelope(keys(TEXT, mode=Mode.PLAIN), signed(TEXT["token"]), PLAIN, NOW)
    assert (opened.body, opened.cipher, opened.token) == (PLAIN, None, TEXT["token"])


@pytest.mark.parametrize("name", ["signature", "timestamp", "nonce"])
def test_plain_mode_needs_all_three_parameters(name: str) -> None:
    parameters = signed(TEXT["token"])
    del parameters[name]
    assert refusal(keys(TEXT, mode=Mode.PLAIN), parameters, PLAIN) == "missing"


def test_an_account_without_a_token_believes_nobody() -> None:
    assert refusal(CallbackKeys("wx1", ""), signed(""), PLAIN) == "signature"


@pytest.mark.parametrize("mode", Mode)
def test_a_huge_body_is_refused_before_anything_else(mode: Mode) -> None:
    assert refusal(keys(TEXT, mode=mode), {}, b"<" * (MAX_BODY + 1)) == "length"


def test_a_body_made_to_be_slow_to_search_is_searched_all_the_same() -> None:
    body = b"<Encrypt>" * 1000 + b"<Encrypt>" + b" " * 100_000 + b"A" * 100_000
    assert refusal(keys(TEXT), query(TEXT), body) == "downgraded"


@given(body=st.binary(max_size=300), values=st.lists(st.text(max_size=50), min_size=4, max_size=4))
def test_wild_requests_are_refused_and_never_crash(body: bytes, values: list[str]) -> None:
    parameters = dict(zip(("signature", "timestamp", "nonce", "msg_signature"), values, strict=True))
    for mode in Mode:
        with pytest.raises(EnvelopeError):
            open_envelope(keys(TEXT, mode=mode), parameters, body, NOW)


@pytest.mark.parametrize(
    "body", [b"{", b"{" * 50_000, b'{"a":' * 50_000, b'{"Encrypt": {"a": 1}}', b'{"Encrypt": 7}']
)
def test_broken_json_is_refused(body: bytes) -> None:
    assert refusal(keys(TEXT), query(TEXT), body) == "malformed"


def test_a_json_envelope_opens() -> None:
    published = VECTORS["published_examples"]
    push = next(item for item in published["items"] if item["kind"] == "safe_push")
    body = json.dumps({"ToUserName": "gh_97417a04a28d", "Encrypt": push["encrypt_base64"]}).encode()
    parameters = {name: push[name] for name in ("signature", "timestamp", "nonce", "msg_signature")}
    opened = open_envelope(keys(published), parameters, body, int(push["timestamp"]))
    assert opened.body.decode() == push["plaintext"]


def test_during_a_key_change_both_keys_open_and_the_fitting_one_seals() -> None:
    change = VECTORS["key_rotation"]
    account = CallbackKeys(
        change["appid"],
        change["token"],
        change["current_encoding_aes_key"],
        Mode.SAFE,
        previous_aes_keys=(change["previous_encoding_aes_key"],),
    )
    body = f"<xml><Encrypt><![CDATA[{change['encrypt_base64']}]]></Encrypt></xml>".encode()
    parameters = {name: change[name] for name in ("timestamp", "nonce", "msg_signature")}
    opened = open_envelope(account, parameters, body, int(change["timestamp"]))
    assert opened.body.decode() == change["plaintext_xml"]
    encrypted = etree.fromstring(seal(opened, b"<xml/>", NOW, "7")).findtext("Encrypt") or ""
    previous = MessageCipher(change["previous_encoding_aes_key"], change["appid"])
    assert previous.decrypt(encrypted) == b"<xml/>"


def test_once_the_previous_key_is_gone_its_messages_are_refused() -> None:
    change = VECTORS["key_rotation"]
    account = CallbackKeys(change["appid"], change["token"], change["current_encoding_aes_key"], Mode.SAFE)
    body = f"<xml><Encrypt><![CDATA[{change['encrypt_base64']}]]></Encrypt></xml>".encode()
    parameters = {name: change[name] for name in ("timestamp", "nonce", "msg_signature")}
    assert refusal(account, parameters, body, int(change["timestamp"])) in ("padding", "length", "appid")


def test_during_a_token_change_both_tokens_sign_and_the_fitting_one_seals() -> None:
    account = keys(TEXT, token="BrandNewToken", previous_tokens=(TEXT["token"],))
    opened = open_envelope(account, query(TEXT), BODY, NOW)
    assert opened.token == TEXT["token"]
    reply = etree.fromstring(seal(opened, b"<xml/>", NOW, "7"))
    expected = sign(TEXT["token"], str(NOW), "7", reply.findtext("Encrypt") or "")
    assert reply.findtext("MsgSignature") == expected


@pytest.mark.parametrize("vector", VECTORS["replies"], ids=label)
def test_a_sealed_reply_is_what_the_platform_expects(vector: dict[str, Any]) -> None:
    at, nonce, xml = int(vector["timestamp"]), vector["nonce"], vector["plaintext_xml"].encode()
    opened = open_envelope(keys(vector), *encrypted_push(vector, b"<xml/>", at), at)
    reply = etree.fromstring(seal(opened, xml, at, nonce))
    assert [child.tag for child in reply] == ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"]
    encrypted = reply.findtext("Encrypt") or ""
    assert opened.cipher is not None
    assert opened.cipher.decrypt(encrypted) == xml
    assert reply.findtext("MsgSignature") == sign(vector["token"], str(at), nonce, encrypted)
    assert (reply.findtext("TimeStamp"), reply.findtext("Nonce")) == (str(at), nonce)


def encrypted_push(vector: dict[str, Any], message: bytes, at: int) -> tuple[dict[str, str], bytes]:
    encrypted = MessageCipher(vector["encoding_aes_key"], vector["appid"]).encrypt(message)
    return signed(
        vector["token"], at=at, body=encrypted
    ), f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode()


def test_a_plain_reply_is_not_sealed() -> None:
    opened = open_envelope(keys(TEXT, mode=Mode.PLAIN), signed(TEXT["token"]), PLAIN, NOW)
    assert seal(opened, b"<xml/>", NOW, "7") == b"<xml/>"


def test_keys_do_not_show_themselves() -> None:
    account = keys(TEXT)
    shown = repr(account) + repr(open_envelope(account, query(TEXT), BODY, NOW))
    assert TEXT["token"] not in shown
    assert TEXT["encoding_aes_key"] not in shown


def test_an_encrypted_account_needs_a_key() -> None:
    with pytest.raises(ValueError, match="43"):
        CallbackKeys("wx1", "token", "", Mode.SAFE)
