"""Tests of payment codes, payments to users and red packets by the old API."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from typing import Any

import pytest

from simulator.pay import moments, sealing, v2_xml
from simulator.world import openid_of
from tests.simulator.conftest import Simulator
from tests.simulator.pay.conftest import APPID, MCHID, OPENID, V2_KEY, Shop
from tests.simulator.pay.test_v2 import OldShop

NUMBER = "SO20260302100000003"
PROMOTION = "/mmpaymkttransfers"


class RichShop(OldShop):
    """A merchant with money, by the old API; its answers about money to users are not signed."""

    def post(self, path: str, fields: dict[str, str], certificate: str = "merchant") -> dict[str, str]:
        sent = {"nonce_str": sealing.nonce(), **fields}
        sent.setdefault("sign", v2_xml.sign(sent, V2_KEY, "MD5"))
        answer = self.shop.simulator.session.post(
            self.shop.simulator.base + path,
            data=v2_xml.write(sent).encode(),
            headers={"X-Client-Certificate": certificate},
            timeout=30,
        )
        assert answer.status_code == 200
        return v2_xml.read(answer.content)

    def code(self, **given: Any) -> str:
        return str(self.shop.sim("/payment-codes", {"openid": OPENID, **given})["auth_code"])

    def charge(self, auth_code: str, **differently: str) -> dict[str, str]:
        fields = {
            "body": "咖啡",
            "out_trade_no": NUMBER,
            "total_fee": "1800",
            "spbill_create_ip": "203.0.113.7",
            "auth_code": auth_code,
            "attach": "a",
            **differently,
        }
        return self.call("/pay/micropay", **fields)

    def payout(
        self, number: str = "PO1", certificate: str = "merchant", **differently: str
    ) -> dict[str, str]:
        fields = {
            "mch_appid": APPID,
            "mchid": MCHID,
            "partner_trade_no": number,
            "openid": OPENID,
            "check_name": "NO_CHECK",
            "amount": "3000",
            "desc": "新会员有礼",
            "spbill_create_ip": "203.0.113.7",
            **differently,
        }
        return self.post(f"{PROMOTION}/promotion/transfers", fields, certificate)

    def payout_info(self, number: str = "PO1") -> dict[str, str]:
        fields = {"appid": APPID, "mch_id": MCHID, "partner_trade_no": number}
        return self.post(f"{PROMOTION}/gettransferinfo", fields)

    def packet(self, call: str = "sendredpack", certificate: str = "merchant", **differently: str) -> Any:
        fields = {
            "wxappid": APPID,
            "mch_id": MCHID,
            "mch_billno": "HB1",
            "send_name": "青橙健身",
            "re_openid": OPENID,
            "total_amount": "1000",
            "total_num": "1",
            "wishing": "恭喜发财",
            "client_ip": "203.0.113.7",
            "act_name": "开业",
            "remark": "再来",
            **differently,
        }
        return self.post(f"{PROMOTION}/{call}", fields, certificate)

    def to_group(self, fen: str, **differently: str) -> Any:
        people = {"total_num": "3", "amt_type": "ALL_RAND", "client_ip": ""}
        return self.packet("sendgroupredpack", total_amount=fen, **people, **differently)

    def packet_info(self, number: str = "HB1", **differently: str) -> dict[str, str]:
        fields = {"appid": APPID, "mch_id": MCHID, "mch_billno": number, "bill_type": "MCHT", **differently}
        return self.post(f"{PROMOTION}/gethbinfo", fields)

    def open(self, send_listid: str, **who: str) -> Any:
        url = f"{self.shop.simulator.base}/_sim/red-packets/{send_listid}/open"
        return self.shop.simulator.session.post(url, json=who, timeout=30)


@pytest.fixture
def rich(shop: Shop) -> RichShop:
    shop.setup(balance=100_000)
    return RichShop(shop)


def code_of(answer: dict[str, str]) -> str:
    return answer.get("err_code", answer["return_code"])


# --- payment codes


def test_a_code_pays_at_once(rich: RichShop) -> None:
    paid = rich.charge(rich.code())
    assert (paid["trade_type"], paid["total_fee"], paid["openid"]) == ("MICROPAY", "1800", OPENID)
    plain = rich.call("/pay/orderquery", out_trade_no=NUMBER)
    assert (plain["trade_state"], plain["transaction_id"]) == ("SUCCESS", paid["transaction_id"])


def test_a_payment_that_waits_for_the_password_is_asked_for_again(rich: RichShop) -> None:
    auth_code = rich.code(password=True)
    assert code_of(rich.charge(auth_code)) == "USERPAYING"
    assert rich.call("/pay/orderquery", out_trade_no=NUMBER)["trade_state"] == "USERPAYING"
    rich.shop.pay(NUMBER, openid=OPENID)
    assert rich.charge(auth_code)["result_code"] == "FAIL"
    assert rich.call("/pay/orderquery", out_trade_no=NUMBER)["trade_state"] == "SUCCESS"


def test_a_payment_by_code_is_taken_back_with_the_certificate(rich: RichShop) -> None:
    rich.charge(rich.code())
    assert rich.call("/secapi/pay/reverse", "", out_trade_no=NUMBER)["return_code"] == "FAIL"
    assert rich.call("/secapi/pay/reverse", out_trade_no=NUMBER)["recall"] == "N"
    assert rich.call("/pay/orderquery", out_trade_no=NUMBER)["trade_state"] == "REVOKED"
    assert rich.shop.ledger()["refunded"] == 1_800
    unknown = rich.call("/secapi/pay/reverse", out_trade_no="SO-nobody")
    assert (code_of(unknown), unknown["recall"]) == ("ORDERNOTEXIST", "N")


def refuse_used(rich: RichShop) -> dict[str, str]:
    used = rich.code()
    rich.charge(used, out_trade_no="SO-1")
    return rich.charge(used)


def refuse_poor(rich: RichShop) -> dict[str, str]:
    rich.shop.sim("/wallets", {"openid": OPENID, "balance": 0})
    return rich.charge(rich.code())


def refuse_reversed(rich: RichShop) -> dict[str, str]:
    auth_code = rich.code(password=True)
    rich.charge(auth_code)
    rich.call("/secapi/pay/reverse", out_trade_no=NUMBER)
    return rich.charge(auth_code)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (refuse_used, "AUTHCODEEXPIRE"),
        (refuse_poor, "NOTENOUGH"),
        (refuse_reversed, "ORDERREVERSED"),
        (lambda rich: rich.charge("12345"), "AUTH_CODE_INVALID"),
        (lambda rich: rich.charge(""), "LACK_PARAMS"),
        (lambda rich: rich.charge(rich.code(), total_fee="0"), "PARAM_ERROR"),
        (lambda rich: rich.charge(rich.code(), total_fee="9" * 5_000), "PARAM_ERROR"),
        (lambda rich: rich.charge(rich.code(), appid="wx0"), "APPID_MCHID_NOT_MATCH"),
    ],
)
def test_a_payment_by_code_that_cannot_be_is_refused(
    rich: RichShop, call: Callable[[RichShop], dict[str, str]], expected: str
) -> None:
    assert code_of(call(rich)) == expected


def test_only_a_payment_by_code_is_taken_back(rich: RichShop) -> None:
    rich.order()
    assert code_of(rich.call("/secapi/pay/reverse", out_trade_no=NUMBER)) == "TRADE_STATE_ERROR"
    rich.charge(rich.code(), out_trade_no="SO-1")
    rich.shop.settle(7 * 86_400)
    assert code_of(rich.call("/secapi/pay/reverse", out_trade_no="SO-1")) == "REVERSE_EXPIRE"


# --- payments to users


def test_a_payment_to_a_user_is_done_at_once(rich: RichShop) -> None:
    done = rich.payout()
    assert (done["result_code"], done["mch_appid"], done["mchid"]) == ("SUCCESS", APPID, MCHID)
    assert rich.payout()["payment_no"] == done["payment_no"]
    info = rich.payout_info()
    assert (info["status"], info["payment_amount"], info["detail_id"]) == (
        "SUCCESS",
        "3000",
        done["payment_no"],
    )
    assert rich.shop.ledger()["balance"] == 97_000
    assert rich.shop.simulator.get("/wallets")["wallets"][OPENID] == 1_003_000


def refuse_eleventh(rich: RichShop) -> dict[str, str]:
    for number in range(10):
        assert rich.payout(f"PO{number}")["result_code"] == "SUCCESS"
    return rich.payout("PO10")


def refuse_other(rich: RichShop) -> dict[str, str]:
    rich.payout()
    return rich.payout(amount="3001")


def refuse_name(rich: RichShop) -> dict[str, str]:
    rich.shop.sim("/wallets", {"openid": OPENID, "name": "李雨"})
    assert rich.payout(check_name="FORCE_CHECK", re_user_name="李雨")["result_code"] == "SUCCESS"
    return rich.payout("PO2", check_name="FORCE_CHECK", re_user_name="李雪")


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (refuse_eleventh, "SENDNUM_LIMIT"),
        (refuse_other, "FATAL_ERROR"),
        (refuse_name, "NAME_MISMATCH"),
        (lambda rich: rich.payout(check_name="FORCE_CHECK", re_user_name="李"), "V2_ACCOUNT_SIMPLE_BAN"),
        (lambda rich: rich.payout(check_name="MAYBE"), "PARAM_ERROR"),
        (lambda rich: rich.payout(amount="29"), "AMOUNT_LIMIT"),
        (lambda rich: rich.payout(amount="100001"), "NOTENOUGH"),
        (lambda rich: rich.payout(desc=""), "LACK_PARAMS"),
        (lambda rich: rich.payout(mch_appid="wx0"), "APPID_MCHID_NOT_MATCH"),
        (lambda rich: rich.payout(sign="0" * 32), "FAIL"),
        (lambda rich: rich.payout(certificate=""), "FAIL"),
        (lambda rich: rich.payout_info(), "NOT_FOUND"),
    ],
)
def test_a_payment_to_a_user_that_cannot_be_is_refused(
    rich: RichShop, call: Callable[[RichShop], dict[str, str]], expected: str
) -> None:
    assert code_of(call(rich)) == expected


def test_a_payment_to_a_user_is_told_of_for_thirty_days(rich: RichShop) -> None:
    rich.payout()
    rich.shop.settle(30 * 86_400)
    assert code_of(rich.payout_info()) == "NOT_FOUND"


# --- red packets


def test_a_red_packet_is_sent_opened_and_told_of(rich: RichShop) -> None:
    sent = rich.packet()
    assert (sent["result_code"], sent["total_amount"]) == ("SUCCESS", "1000")
    assert rich.packet()["send_listid"] == sent["send_listid"]
    assert rich.packet_info()["status"] == "SENT"
    assert rich.shop.ledger()["balance"] == 99_000
    assert rich.open(sent["send_listid"], openid="oSomebodyElse").status_code == 400
    assert rich.open(sent["send_listid"], openid=OPENID).json()["amount"] == 1_000
    assert rich.open(sent["send_listid"], openid=OPENID).json()["amount"] == 1_000
    info = rich.packet_info()
    assert (info["status"], info["hb_type"], info["send_type"]) == ("RECEIVED", "NORMAL", "API")
    assert rich.shop.simulator.get("/wallets")["wallets"][OPENID] == 1_001_000


def test_a_group_shares_a_red_packet_by_chance(rich: RichShop) -> None:
    listid = rich.to_group("1000")["send_listid"]
    assert rich.open(listid, openid="oFirst").status_code == 400
    amounts = opened_by(rich, listid, OPENID, "oSecond", "oThird")
    assert (sum(amounts), min(amounts) >= 1) == (1_000, True)
    assert rich.open(listid, openid="oFourth").status_code == 400
    info = rich.packet_info()
    assert (info["status"], info["hb_type"], info["total_num"]) == ("RECEIVED", "GROUP", "3")


def test_a_group_shares_as_little_as_a_fen_each(rich: RichShop) -> None:
    listid = rich.to_group("3", scene_id="PRODUCT_2")["send_listid"]
    assert opened_by(rich, listid, OPENID, "oSecond", "oThird") == [1, 1, 1]


def opened_by(rich: RichShop, listid: str, *openids: str) -> list[int]:
    return [rich.open(listid, openid=each).json()["amount"] for each in openids]


def test_the_list_of_who_opened_a_packet_is_xml_in_xml(rich: RichShop) -> None:
    rich.open(rich.packet()["send_listid"], openid=OPENID)
    fields = {"appid": APPID, "mch_id": MCHID, "mch_billno": "HB1", "bill_type": "MCHT", "nonce_str": "n"}
    answer = rich.shop.simulator.session.post(
        f"{rich.shop.simulator.base}{PROMOTION}/gethbinfo",
        data=v2_xml.write({**fields, "sign": v2_xml.sign(fields, V2_KEY, "MD5")}).encode(),
        headers={"X-Client-Certificate": "merchant"},
        timeout=30,
    )
    assert f"<hblist><hbinfo><openid><![CDATA[{OPENID}]]></openid>" in answer.text


def test_what_nobody_opened_goes_back_after_a_day(rich: RichShop) -> None:
    listid = rich.packet()["send_listid"]
    rich.shop.settle(86_400)
    info = rich.packet_info()
    assert (info["status"], info["refund_amount"]) == ("REFUND", "1000")
    assert rich.shop.ledger()["balance"] == 100_000
    assert rich.open(listid, openid=OPENID).status_code == 400


def refuse_other_packet(rich: RichShop) -> dict[str, str]:
    rich.packet()
    return dict(rich.packet(total_amount="1001"))


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (refuse_other_packet, "FATAL_ERROR"),
        (lambda rich: rich.packet(total_amount="99"), "MONEY_LIMIT"),
        (lambda rich: rich.packet(total_amount="20001"), "MONEY_LIMIT"),
        (lambda rich: rich.packet(total_amount="100001", scene_id="PRODUCT_2"), "NOTENOUGH"),
        (lambda rich: rich.to_group("2", scene_id="PRODUCT_2"), "MONEY_LIMIT"),
        (lambda rich: rich.packet(scene_id="PRODUCT_9"), "PARAM_ERROR"),
        (lambda rich: rich.packet(total_num="2"), "PARAM_ERROR"),
        (lambda rich: rich.packet("sendgroupredpack", total_num="2", amt_type="ALL_RAND"), "PARAM_ERROR"),
        (lambda rich: rich.packet("sendgroupredpack", total_num="3"), "LACK_PARAMS"),
        (lambda rich: rich.packet(wishing="x" * 129), "PARAM_ERROR"),
        (lambda rich: rich.packet(wxappid="wx0"), "APPID_MCHID_NOT_MATCH"),
        (lambda rich: rich.packet(certificate=""), "FAIL"),
        (lambda rich: rich.packet_info(), "NOT_FOUND"),
        (lambda rich: rich.packet_info(bill_type="X"), "PARAM_ERROR"),
    ],
)
def test_a_red_packet_that_cannot_be_is_refused(
    rich: RichShop, call: Callable[[RichShop], dict[str, str]], expected: str
) -> None:
    assert code_of(call(rich)) == expected


def test_a_red_packet_lies_in_the_chat_and_is_opened_on_the_phone(
    rich: RichShop, simulator: Simulator
) -> None:
    simulator.sim("/accounts", {"appid": APPID, "secret": "s", "original_id": "gh_1", "name": "青橙健身"})
    mine = openid_of(APPID, "rain-1")
    listid = rich.packet(re_openid=mine)["send_listid"]
    (entry,) = simulator.get(f"/accounts/{APPID}/ledger?openid={mine}")["entries"]
    assert (entry["msgtype"], entry["content"]["send_listid"]) == ("redpacket", listid)
    opened = simulator.session.post(
        f"{simulator.base}/phone/pay/red-packet", json={"person": "rain-1", "send_listid": listid}, timeout=30
    ).json()
    assert (opened["amount"], opened["wishing"]) == (1_000, "恭喜发财")


def test_money_to_users_is_in_the_fund_flow_and_survives_saving(rich: RichShop) -> None:
    rich.payout()
    rich.packet()
    state = rich.shop.simulator.get("/state")
    rich.shop.sim("/reset", {})
    rich.shop.simulator.sim("/state", state, method="PUT")
    assert json.dumps(rich.shop.simulator.get("/state")) == json.dumps(state)
    day = moments.day(rich.shop.simulator.get("/clock")["now"])
    rich.shop.settle(2 * 86_400)
    assert rich.packet_info()["status"] == "REFUND"
    link = rich.shop.call("GET", f"/v3/bill/fundflowbill?bill_date={day}").json()["download_url"]
    text = rich.shop.call("GET", link.removeprefix(rich.shop.simulator.base)).content.decode()
    rows = csv.DictReader(text.replace("`", "").splitlines())
    found = {each["业务名称"]: each["收支金额(元)"] for each in rows}
    assert (found["企业付款"], found["现金红包"]) == ("30.00", "10.00")
