from typing import Any

import pytest

from tests.sdk.pay.vectors import KEYS, VECTORS, name
from wechat.sdk.pay import v2
from wechat.sdk.pay.errors import NotGenuine, NotUnderstood, PayError, Unsealable

V2 = VECTORS["v2"]
KEY = KEYS["apiv2_key"]


@pytest.mark.parametrize("vector", V2["sign_cases"], ids=name)
@pytest.mark.parametrize("sign_type", v2.SIGN_TYPES)
def test_fields_are_signed_as_recorded(vector: dict[str, Any], sign_type: str) -> None:
    assert v2.sign(vector["params"], vector["key"], sign_type) == vector[sign_type]


def test_another_sign_type_is_refused() -> None:
    with pytest.raises(ValueError, match="SHA1"):
        v2.sign({"a": "1"}, KEY, "SHA1")


def test_an_order_and_its_answer_verify() -> None:
    for part in ("request_xml", "answer_xml"):
        fields = v2.from_xml(V2["unifiedorder"][part].encode())
        assert v2.verify(fields, KEY) == V2["unifiedorder"]["sign_type"]
        assert v2.from_xml(v2.to_xml(fields)) == fields


@pytest.mark.parametrize("sign_type", v2.SIGN_TYPES)
def test_a_page_is_given_what_the_bridge_wants(sign_type: str) -> None:
    recorded = V2["jsapi_bridge"]["params"]
    given = v2.bridge(
        recorded["appId"],
        recorded["package"].removeprefix("prepay_id="),
        KEY,
        sign_type=sign_type,
        timestamp=int(recorded["timeStamp"]),
        nonce_str=recorded["nonceStr"],
    )
    assert given == {
        **recorded, "signType": sign_type, "paySign": V2["jsapi_bridge"][f"paySign_{sign_type}"]
    }  # fmt: skip


def test_an_app_signs_by_the_same_rule() -> None:
    assert v2.sign(V2["app"]["params"], KEY) == V2["app"]["sign_MD5"]


@pytest.mark.parametrize("vector", V2["pay_notify"], ids=name)
def test_a_payment_notification_is_judged_as_recorded(vector: dict[str, Any]) -> None:
    if vector["expect"]["valid"]:
        fields = v2.open_payment(vector["xml"].encode(), KEY)
        assert v2.verify(fields, KEY) == vector["expect"]["sign_type"]
    else:
        with pytest.raises((NotGenuine, NotUnderstood)):
            v2.open_payment(vector["xml"].encode(), KEY)


def test_a_notification_without_a_signature_is_refused() -> None:
    with pytest.raises(NotGenuine):
        v2.open_payment(b"<xml><total_fee>1</total_fee></xml>", KEY)


def test_a_refund_notification_is_opened() -> None:
    fields = v2.open_refund(V2["refund_notify"]["xml"].encode(), KEY)
    assert fields == v2.from_xml(V2["refund_notify"]["plaintext"].encode())
    assert fields["refund_status"] == "SUCCESS"


@pytest.mark.parametrize(
    "body",
    [b"", b"<xml>", b"<xml><req_info>?</req_info></xml>", b"<xml><req_info>AAAA</req_info></xml>", b"<xml/>"],
)
def test_a_refund_notification_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(PayError):
        v2.open_refund(body, KEY)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(Unsealable):
        v2.open_refund(V2["refund_notify"]["xml"].encode(), "x" * 32)


def test_the_platforms_word_of_thanks_is_the_recorded_one() -> None:
    assert V2["pay_notify_answer"].encode() == v2.ACCEPTED
