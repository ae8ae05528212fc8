"""The API of shipping of mini programs' orders (小程序发货信息管理服务: 发货信息录入, 获取运力 id 列表).

A shipment is uploaded once and can be corrected once; an identical upload changes nothing. Separate parcels
are uploaded until all have been shipped.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from simulator.api.calls import OK, Answer, Call, api
from simulator.api.miniprogram import mini_program
from simulator.errors import ApiError
from simulator.pay.records.orders import Order

EXPRESS, VIRTUAL, KINDS = 1, 3, (1, 2, 3, 4)
TOGETHER, SPLIT = 1, 2
MOST_PARCELS, LONGEST, LONGEST_DESCRIPTION = 15, 128, 120
MOST_UPLOADS = 2
COMPANIES = {
    "SF": "顺丰速运",
    "YTO": "圆通速递",
    "ZTO": "中通快递",
    "STO": "申通快递",
    "JD": "京东快递",
    "EMS": "邮政EMS",
}


@api("POST", "/wxa/sec/order/upload_shipping_info", right=mini_program)
def upload(call: Call) -> Answer:
    order = paid_order(call)
    if call.object("payer").get("openid") != order.payer:
        raise ApiError(10060031)
    shipment = checked(call)
    known = call.account.shipped.setdefault(order.transaction_id, [])
    if known and known[-1] == shipment:
        raise ApiError(10060023)
    if sum(each.get("is_all_delivered", True) for each in known) == MOST_UPLOADS:
        raise ApiError(10060003)
    known.append(shipment)
    return OK


@api("POST", "/cgi-bin/express/delivery/open_msg/get_delivery_list", right=mini_program)
def companies(call: Call) -> Answer:
    found = [{"delivery_id": number, "delivery_name": name} for number, name in COMPANIES.items()]
    return {**OK, "delivery_list": found, "count": len(found)}


def paid_order(call: Call) -> Order:
    """Returns the order that a call names, which must be a paid order of this mini program."""
    key = call.object("order_key")
    by_merchant = key.get("order_number_type") == 1
    if key.get("order_number_type") not in {1, 2}:
        raise ApiError(268485194)
    for name, code in (
        (("mchid", 268485196), ("out_trade_no", 268485197))
        if by_merchant
        else (("transaction_id", 268485195),)
    ):
        if not key.get(name):
            raise ApiError(code)
    for merchant in call.world.state.pay.merchants.values():
        if by_merchant and merchant.mchid != key["mchid"]:
            continue
        number = key["out_trade_no"] if by_merchant else merchant.transactions.get(key["transaction_id"], "")
        order = merchant.orders.get(number)
        if order is not None and order.appid == call.account.appid and order.transaction_id:
            if order.refunds and sum(each.amount for each in merchant.refunds_of(order)) >= order.total:
                raise ApiError(10060004)
            return order
    raise ApiError(10060001)


def checked(call: Call) -> dict[str, Any]:
    """Checks a shipment; returns the fields by which a repeated upload is recognised."""
    kind, mode, parcels = (
        call.body.get(name) for name in ("logistics_type", "delivery_mode", "shipping_list")
    )
    if kind not in KINDS:
        raise ApiError(10060005)
    if mode not in {TOGETHER, SPLIT}:
        raise ApiError(268485224)
    if not isinstance(parcels, list) or not all(isinstance(each, dict) for each in parcels):
        raise ApiError(10060014)
    if mode == TOGETHER and len(parcels) != 1:
        raise ApiError(268485228)
    if mode == SPLIT and kind != EXPRESS:
        raise ApiError(10060006)
    if mode == SPLIT and not isinstance(call.body.get("is_all_delivered"), bool):
        raise ApiError(10060007)
    if len(parcels) > MOST_PARCELS:
        raise ApiError(10060024)
    for parcel in parcels:
        check_parcel(parcel, kind)
    check_time(call.body.get("upload_time"))
    split = {"is_all_delivered": call.body["is_all_delivered"]} if mode == SPLIT else {}
    return {"logistics_type": kind, "delivery_mode": mode, "shipping_list": parcels, **split}


def check_parcel(parcel: dict[str, Any], kind: int) -> None:
    description = parcel.get("item_desc")
    if not isinstance(description, str) or not description:
        raise ApiError(10060008)
    if len(description) > LONGEST_DESCRIPTION:
        raise ApiError(10060009)
    if kind != EXPRESS:
        return
    for name, missing, too_long in (
        ("tracking_no", 268485226, 10060026),
        ("express_company", 268485227, 10060025),
    ):
        value = parcel.get(name)
        if not isinstance(value, str) or not value:
            raise ApiError(missing)
        if len(value) > LONGEST:
            raise ApiError(too_long)
    contact = parcel.get("contact") or {}
    if parcel["express_company"] == "SF" and not any(contact.values()):
        raise ApiError(10060014)


def check_time(given: object) -> None:
    try:
        moment = datetime.fromisoformat(str(given))
    except ValueError:
        raise ApiError(268485216) from None
    if moment.tzinfo is None:
        raise ApiError(268485216)
