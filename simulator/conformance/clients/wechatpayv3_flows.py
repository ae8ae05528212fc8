"""The flows of wechatpayv3."""

from __future__ import annotations

import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from harness import APPID, control, flow, run
from wechatpayv3 import WeChatPay, WeChatPayType

merchant = json.loads(Path(os.environ["MERCHANT"]).read_text())
OPENID, OTHER = merchant["openid"], merchant["other_mchid"]
came: list[tuple[dict[str, str], bytes]] = []


class Shop(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        came.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *parts: object) -> None:
        pass


server = HTTPServer(("127.0.0.1", 0), Shop)
threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
NOTIFY = f"http://127.0.0.1:{server.server_port}/notify"


def made(**more: Any) -> WeChatPay:
    return WeChatPay(
        wechatpay_type=WeChatPayType.JSAPI,
        mchid=merchant["mchid"],
        private_key=merchant["private_key"],
        cert_serial_no=merchant["serial_no"],
        apiv3_key=merchant["apiv3_key"],
        appid=APPID,
        notify_url=NOTIFY,
        **more,
    )


pay = made()


def good(answer: tuple[int, str]) -> dict[str, Any]:
    status, body = answer
    assert status in (200, 202, 204), f"{status} {body}"
    return json.loads(body) if body else {}


def ordered(number: str, kind: WeChatPayType = WeChatPayType.JSAPI, **more: Any) -> dict[str, Any]:
    payer = {"openid": OPENID} if kind is WeChatPayType.JSAPI else None
    return good(pay.pay("会员年卡", number, {"total": 10_000}, payer=payer, pay_type=kind, **more))


def paid(number: str) -> None:
    prepay = ordered(number)["prepay_id"]
    control("/pay", {"prepay": prepay, "openid": OPENID})


@flow("orders: jsapi, native, h5, app")
def orders() -> None:
    assert ordered("JS00000001")["prepay_id"]
    assert ordered("NA00000001", WeChatPayType.NATIVE)["code_url"]
    scene = {"payer_client_ip": "203.0.113.7", "h5_info": {"type": "Wap"}}
    assert ordered("H500000001", WeChatPayType.H5, scene_info=scene)["h5_url"]
    assert ordered("AP00000001", WeChatPayType.APP)["prepay_id"]


@flow("query, close")
def query() -> None:
    assert good(pay.query(out_trade_no="JS00000001"))["trade_state"] == "NOTPAY"
    good(pay.close("JS00000001"))
    paid("JS00000002")
    found = good(pay.query(out_trade_no="JS00000002"))
    assert good(pay.query(transaction_id=found["transaction_id"]))["trade_state"] == "SUCCESS"


@flow("notification verified and opened")
def notification() -> None:
    headers, body = came[-1]
    found = pay.callback(headers, body)
    assert found, "not verified"
    assert found["event_type"] == "TRANSACTION.SUCCESS", found


@flow("refunds")
def refunds() -> None:
    amount = {"refund": 3_000, "total": 10_000, "currency": "CNY"}
    good(pay.refund("RF00000001", amount, out_trade_no="JS00000002"))
    assert good(pay.query_refund("RF00000001"))["out_refund_no"] == "RF00000001"


@flow("platform certificates")
def certificates() -> None:
    assert pay._core._certificates  # noqa: SLF001 - it offers no other look at them


@flow("bills")
def bills() -> None:
    control("/clock", {"offset": -2 * 86_400})
    paid("JS00000003")
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600 - 2 * 86_400))
    control("/clock", {"offset": 0})
    for apply in (pay.trade_bill, pay.fundflow_bill):
        url = good(apply(day))["download_url"]
        status, content = pay.download_bill(url)
        assert (status, bool(content)) == (200, True), url


@flow("key of the platform instead of certificates")
def public_key() -> None:
    control("/merchants", {"mchid": merchant["mchid"], "key_mode": "switching"})
    platform = control(f"/merchants/{merchant['mchid']}")["platform"]
    other = made(public_key=platform["public_key"], public_key_id=platform["public_key_id"])
    control("/merchants", {"mchid": merchant["mchid"], "key_mode": "public_key"})
    good(other.query(out_trade_no="JS00000002"))
    control("/merchants", {"mchid": merchant["mchid"], "key_mode": "certificate"})


@flow("transfers to users")
def transfers() -> None:
    reports = [{"info_type": "活动名称", "info_content": "新会员有礼"}]
    sent = good(
        pay.mch_transfer_bills("TB00000001", "1000", OPENID, 30, "奖励", transfer_scene_report_infos=reports)
    )
    assert sent["package_info"], sent
    assert good(pay.mch_transfer_bills_query(out_bill_no="TB00000001"))["state"] == "WAIT_USER_CONFIRM"
    good(pay.mch_transfer_bills_cancel("TB00000001"))


@flow("complaints")
def complaints() -> None:
    good(pay.complaint_notification_create(NOTIFY))
    assert "data" in good(pay.complaint_list_query(begin_date="2026-02-01", end_date="2026-02-02"))


@flow("profit sharing")
def sharing() -> None:
    good(pay.profitsharing_add_receiver("MERCHANT_ID", OTHER, "PARTNER", name="合作方"))
    prepay = ordered("PS00000001", settle_info={"profit_sharing": True})["prepay_id"]
    paid_for = control("/pay", {"prepay": prepay, "openid": OPENID})["transaction_id"]
    left = good(pay.profitsharing_amount_query(paid_for))["unsplit_amount"]
    part = {"type": "MERCHANT_ID", "account": OTHER, "amount": 1_000, "description": "分给合作方"}
    made = good(pay.profitsharing_order(paid_for, "PO00000001", [part], unfreeze_unsplit=False))
    assert made["state"] == "PROCESSING", made
    assert good(pay.profitsharing_amount_query(paid_for))["unsplit_amount"] == left - 1_000
    control("/clock", {"advance": 5})
    control("/notifications/settle", {})
    done = good(pay.profitsharing_order_query(paid_for, "PO00000001"))
    assert done["receivers"][0]["result"] == "SUCCESS", done
    back = good(pay.profitsharing_return("RT00000001", OTHER, 400, "退", out_order_no="PO00000001"))
    assert back["result"] == "SUCCESS", back
    assert good(pay.profitsharing_return_query("PO00000001", "RT00000001"))["amount"] == 400
    good(pay.profitsharing_unfreeze(paid_for, "PO00000002", "解冻"))
    good(pay.profitsharing_delete_receiver("MERCHANT_ID", OTHER))


@flow("combined orders")
def combined() -> None:
    subs = [sub_order(merchant["mchid"], "CS00000001"), sub_order(OTHER, "CS00000002")]
    payer = {"openid": OPENID}
    made = good(pay.combine_pay("CO00000001", subs, combine_payer_info=payer))
    control("/pay", {"prepay": made["prepay_id"], "openid": OPENID})
    found = good(pay.combine_query("CO00000001"))
    assert [each["trade_state"] for each in found["sub_orders"]] == ["SUCCESS", "SUCCESS"], found
    opened = pay.callback(*came[-1]) or {}
    assert opened["resource"]["combine_out_trade_no"] == "CO00000001", opened
    one = [sub_order(merchant["mchid"], "CS00000003")]
    good(pay.combine_pay("CO00000002", one, pay_type=WeChatPayType.NATIVE))
    good(pay.combine_close("CO00000002", [{"mchid": merchant["mchid"], "out_trade_no": "CS00000003"}]))


def sub_order(mchid: str, number: str) -> dict[str, Any]:
    amount = {"total_amount": 3_000, "currency": "CNY"}
    return {"mchid": mchid, "attach": "x", "amount": amount, "out_trade_no": number, "description": "咖啡"}


@flow("payment codes")
def codes() -> None:
    code = control("/payment-codes", {"openid": OPENID})["auth_code"]
    more = {"scene_info": {"store_info": {"out_id": "1"}}, "pay_type": WeChatPayType.CODEPAY}
    paid_at_once = good(pay.pay("咖啡", "MP00000001", {"total": 1_800}, payer={"auth_code": code}, **more))
    assert paid_at_once["trade_state"] == "SUCCESS", paid_at_once
    code = control("/payment-codes", {"openid": OPENID, "password": True})["auth_code"]
    waiting = good(pay.pay("咖啡", "MP00000002", {"total": 1_800}, payer={"auth_code": code}, **more))
    assert waiting["code"] == "USERPAYING", waiting
    for number in ("MP00000001", "MP00000002"):
        good(pay.codepay_reverse(number))
        assert good(pay.query(out_trade_no=number))["trade_state"] == "REVOKED"


@flow("service-provider mode")
def partner() -> None:
    control("/merchants", {"mchid": merchant["mchid"], "sub_mchids": [OTHER]})
    served = {"sub_mchid": OTHER}
    provider = made(partner_mode=True)
    prepay = good(
        provider.pay("会员年卡", "SP00000001", {"total": 10_000}, payer={"sp_openid": OPENID}, **served)
    )["prepay_id"]
    control("/pay", {"prepay": prepay, "openid": OPENID})
    opened = provider.callback(*came[-1]) or {}
    assert opened["resource"]["sub_mchid"] == OTHER, opened
    assert good(provider.query(out_trade_no="SP00000001", **served))["trade_state"] == "SUCCESS"
    amount = {"refund": 3_000, "total": 10_000, "currency": "CNY"}
    good(provider.refund("SR00000001", amount, out_trade_no="SP00000001", **served))
    assert good(provider.query_refund("SR00000001", **served))["out_refund_no"] == "SR00000001"
    good(provider.pay("会员年卡", "SP00000002", {"total": 1}, pay_type=WeChatPayType.NATIVE, **served))
    good(provider.close("SP00000002", **served))


if __name__ == "__main__":
    run()
