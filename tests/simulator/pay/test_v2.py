"""The old API, from recorded signatures to refunds."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
import requests

from simulator.pay import moments, sealing, v2_xml
from tests.simulator.pay.conftest import APPID, MCHID, OPENID, V2_KEY, VECTORS, NotifyServer, Shop

V2 = VECTORS["v2"]
NUMBER = "SO20260302100000003"


@pytest.mark.parametrize("method", v2_xml.METHODS)
@pytest.mark.parametrize("vector", V2["sign_cases"], ids=lambda each: each["name"])
def test_a_recorded_signature_is_ours(vector: dict[str, Any], method: str) -> None:
    assert v2_xml.sign(vector["params"], vector["key"], method) == vector[method]


def test_the_recorded_order_is_signed_as_recorded() -> None:
    for name in ("request_xml", "answer_xml"):
        assert v2_xml.is_signed(v2_xml.read(V2["unifiedorder"][name].encode()), V2_KEY, "HMAC-SHA256")


@pytest.mark.parametrize("vector", V2["pay_notify"], ids=lambda each: each["name"])
def test_a_recorded_notification_is_judged_as_recorded(vector: dict[str, Any]) -> None:
    try:
        fields = v2_xml.read(vector["xml"].encode())
    except v2_xml.BadXmlError:
        assert not vector["expect"]["valid"]
        return
    method = vector["expect"].get("sign_type", "MD5")
    assert v2_xml.is_signed(fields, V2_KEY, method) is vector["expect"]["valid"]


class OldShop:
    """The same merchant, by the old API."""

    def __init__(self, shop: Shop, method: str = "MD5") -> None:
        self.shop, self.method = shop, method

    def call(self, path: str, certificate: str = "merchant", **fields: str) -> dict[str, str]:
        sent = {"appid": APPID, "mch_id": MCHID, "nonce_str": sealing.nonce(), **fields}
        if self.method != "MD5":
            sent["sign_type"] = self.method
        sent.setdefault("sign", v2_xml.sign(sent, V2_KEY, self.method))
        answer = self.shop.simulator.session.post(
            self.shop.simulator.base + path,
            data=v2_xml.write(sent).encode(),
            headers={"X-Client-Certificate": certificate},
            timeout=30,
        )
        assert answer.status_code == 200
        received = v2_xml.read(answer.content)
        if received["return_code"] == "SUCCESS":
            assert v2_xml.is_signed(received, V2_KEY, self.method)
        return received

    def order(self, way: str = "JSAPI", **differently: str) -> dict[str, str]:
        fields = {
            "body": "春季礼盒",
            "out_trade_no": NUMBER,
            "total_fee": "10000",
            "spbill_create_ip": "203.0.113.7",
            "notify_url": self.shop.notify_url,
            "trade_type": way,
            "openid": OPENID,
            "product_id": "12",
            "scene_info": "{}",
        }
        return self.call("/pay/unifiedorder", **{**fields, **differently})


@pytest.fixture(params=v2_xml.METHODS)
def old(request: pytest.FixtureRequest, shop: Shop, server: NotifyServer) -> OldShop:
    server.answer = V2["pay_notify_answer"].encode()
    return OldShop(shop, request.param)


def test_an_order_is_made_paid_and_told_in_xml(old: OldShop, server: NotifyServer) -> None:
    prepay = old.order()["prepay_id"]
    unpaid = old.call("/pay/orderquery", out_trade_no=NUMBER)
    assert (unpaid["trade_state"], "total_fee" in unpaid) == ("NOTPAY", False)
    old.shop.sim("/pay", {"prepay": prepay, "openid": OPENID})
    (came,) = server.came
    fields = v2_xml.read(came.body)
    assert "sign_type" not in fields
    assert v2_xml.is_signed(fields, V2_KEY, old.method)
    received = old.call("/pay/orderquery", transaction_id=fields["transaction_id"])
    assert (received["trade_state"], received["total_fee"], received["openid"]) == (
        "SUCCESS",
        "10000",
        OPENID,
    )


def test_a_notification_answered_without_success_is_repeated(old: OldShop, server: NotifyServer) -> None:
    server.answer = b"<xml><return_code><![CDATA[FAIL]]></return_code></xml>"
    old.shop.sim("/pay", {"prepay": old.order()["prepay_id"], "openid": OPENID})
    old.shop.settle(15)
    assert len(server.came) == 2


def test_a_call_can_fail_before_and_after_it_was_done(old: OldShop) -> None:
    fault = {"at": "/pay/unifiedorder", "mchid": MCHID, "times": 1}
    old.shop.sim("/pay/faults", {**fault, "status": 500, "code": "SYSTEMERROR", "message": "系统超时"})
    refused = old.order()
    assert (refused["result_code"], refused["err_code"], refused["err_code_des"]) == (
        "FAIL", "SYSTEMERROR", "系统超时",
    )  # fmt: skip
    assert old.call("/pay/orderquery", out_trade_no=NUMBER)["err_code"] == "ORDERNOTEXIST"
    old.shop.sim("/pay/faults", {**fault, "status": 500, "code": "SYSTEMERROR", "after": True})
    assert old.order()["err_code"] == "SYSTEMERROR"
    assert old.call("/pay/orderquery", out_trade_no=NUMBER)["trade_state"] == "NOTPAY"
    old.shop.sim("/pay/faults", {**fault, "lose_answer": True})
    with pytest.raises(requests.RequestException):
        old.order(out_trade_no="SO-lost")
    assert old.call("/pay/orderquery", out_trade_no="SO-lost")["trade_state"] == "NOTPAY"


def test_a_fault_without_a_code_is_a_gateways_and_one_of_another_merchant_spares_this_one(
    old: OldShop,
) -> None:
    old.shop.sim("/pay/faults", {"at": "*", "mchid": "1900000110", "status": 500})
    assert old.order()["result_code"] == "SUCCESS"
    old.shop.sim("/pay/faults", {"at": "/pay/orderquery", "mchid": MCHID, "status": 502, "times": 1})
    with pytest.raises(AssertionError):
        old.call("/pay/orderquery", out_trade_no=NUMBER)


def test_every_way_has_its_own_answer(old: OldShop) -> None:
    assert old.order("NATIVE", out_trade_no="SO-1")["code_url"].startswith("weixin://")
    assert "/checkmweb?" in old.order("MWEB", out_trade_no="SO-2")["mweb_url"]
    assert old.order("APP", out_trade_no="SO-3")["prepay_id"]


def test_a_refund_needs_the_certificate_and_is_told_sealed(old: OldShop, server: NotifyServer) -> None:
    old.shop.sim("/pay", {"prepay": old.order()["prepay_id"], "openid": OPENID})
    fields = {"out_trade_no": NUMBER, "out_refund_no": "RF1", "total_fee": "10000", "refund_fee": "3000"}
    fields["notify_url"] = server.url
    assert old.call("/secapi/pay/refund", "", **fields)["return_code"] == "FAIL"
    done = old.call("/secapi/pay/refund", **fields)
    assert done["refund_id"] == old.call("/secapi/pay/refund", **fields)["refund_id"]
    old.shop.settle(2)
    notification = v2_xml.read(server.came[-1].body)
    assert "sign" not in notification
    plain = sealing.open_v2(notification["req_info"], V2_KEY).decode()
    assert plain.startswith("<root>")
    assert "<refund_status><![CDATA[SUCCESS]]></refund_status>" in plain
    received = old.call("/pay/refundquery", out_trade_no=NUMBER)
    assert (received["refund_count"], received["refund_status_0"], received["refund_fee_0"]) == (
        "1",
        "SUCCESS",
        "3000",
    )
    more = {**fields, "out_refund_no": "RF2", "refund_fee": "7001"}
    assert old.call("/secapi/pay/refund", **more)["err_code"] == "ERROR"
    assert old.call("/pay/refundquery", out_refund_no="RF2")["err_code"] == "REFUNDNOTEXIST"


def test_errors_have_the_old_codes(old: OldShop) -> None:
    assert old.call("/pay/orderquery", out_trade_no="SO-0")["err_code"] == "ORDERNOTEXIST"
    assert old.order(body="")["err_code"] == "LACK_PARAMS"
    assert old.order(openid="")["err_code"] == "LACK_PARAMS"
    assert old.order(total_fee="0.5")["err_code"] == "PARAM_ERROR"
    assert old.order(appid="wx1")["err_code"] == "APPID_MCHID_NOT_MATCH"
    assert old.order()["result_code"] == "SUCCESS"
    assert old.order(total_fee="1")["err_code"] == "OUT_TRADE_NO_USED"
    unpaid = {"out_trade_no": NUMBER, "out_refund_no": "RF1", "total_fee": "10000", "refund_fee": "1"}
    assert old.call("/secapi/pay/refund", **unpaid)["err_code"] == "TRADE_STATE_ERROR"
    assert old.call("/pay/closeorder", out_trade_no=NUMBER)["result_code"] == "SUCCESS"
    assert old.call("/pay/closeorder", out_trade_no=NUMBER)["err_code"] == "ORDERCLOSED"
    assert old.order()["err_code"] == "ORDERCLOSED"


def test_what_is_not_understood_fails_without_a_signature(old: OldShop) -> None:
    assert old.order(sign="0" * 32) == {"return_code": "FAIL", "return_msg": "签名错误"}
    url, session = old.shop.simulator.base + "/pay/unifiedorder", old.shop.simulator.session
    entity = b'<!DOCTYPE xml [<!ENTITY e "x">]><xml><mch_id>&e;</mch_id></xml>'
    for body in (b"", b"<xml>", b"<other/>", entity):
        received = v2_xml.read(session.post(url, data=body, timeout=30).content)
        assert received["return_code"] == "FAIL"
    assert v2_xml.read(session.get(url, timeout=30).content)["return_code"] == "FAIL"
    assert session.post(old.shop.simulator.base + "/pay/nothing", timeout=30).status_code == 404


def test_the_trade_bill_is_a_file_or_says_why_there_is_none(old: OldShop) -> None:
    old.order()
    old.shop.sim("/pay", {"mchid": MCHID, "out_trade_no": NUMBER, "openid": OPENID})
    paid = old.shop.ledger()["payments"][0]["paid_at"]
    start = moments.start_of(moments.day(paid))
    day = moments.compact(paid)[:8]

    def asked(**fields: str) -> bytes:
        sent = {"appid": APPID, "mch_id": MCHID, "nonce_str": sealing.nonce(), **fields}
        if old.method != "MD5":
            sent["sign_type"] = old.method
        sent["sign"] = v2_xml.sign(sent, V2_KEY, old.method)
        base = old.shop.simulator.base
        body = v2_xml.write(sent).encode()
        return old.shop.simulator.session.post(f"{base}/pay/downloadbill", data=body, timeout=30).content

    def reason(**fields: str) -> tuple[str, str]:
        received = v2_xml.read(asked(**fields))
        return received["return_msg"], received["error_code"]

    assert reason(bill_date=day) == ("No Bill Exist", "20002")
    now = old.shop.simulator.get("/clock")["now"]
    old.shop.sim("/clock", {"advance": start + 86_400 + 9 * 3600 - now})
    assert reason(bill_date=day) == ("Bill Creating", "20002")
    old.shop.sim("/clock", {"advance": 2 * 3600})
    assert NUMBER in asked(bill_date=day, bill_type="ALL").decode()
    assert gzip.decompress(asked(bill_date=day, tar_type="GZIP")) == asked(bill_date=day)
    assert reason(bill_date="2026-03-01") == ("data format error", "20002")
    assert reason(bill_date=day, bill_type="SOME") == ("invalid bill_type", "20003")
    assert reason() == ("missing parameter", "20007")


def test_both_apis_share_one_number_space(old: OldShop) -> None:
    old.order()
    assert old.shop.query(NUMBER).json()["trade_state"] == "NOTPAY"
    assert old.shop.order(NUMBER).status_code == 400
