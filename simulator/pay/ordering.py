"""The placing of orders: checks, repeated numbers, and payment tokens (pay reference 4.1, 4.2)."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from simulator.pay import answers, moments, texts
from simulator.pay.calls import Call
from simulator.pay.errors import PayError, wrong
from simulator.pay.records.orders import MINIMUM_EXPIRY, ORDER_LIFE, Order, Prepay
from simulator.pay.runtime import Runtime
from simulator.pay.schema import Object
from simulator.pay.state import Merchant

LONGEST_DETAIL = 6144
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Parties:
    """The AppIDs of an order, and the served merchant if a service provider places it."""

    appid: str
    sub_mchid: str = ""
    sub_appid: str = ""


def parties(call: Call, body: Body) -> Parties:
    """Returns the AppIDs and the served merchant of an order.

    Raises APPID_MCHID_NOT_MATCH, or NO_AUTH if the caller does not serve the merchant.
    """
    found = Parties(
        body.get("sp_appid") or body.get("appid", ""), body.get("sub_mchid", ""), body.get("sub_appid", "")
    )
    if found.appid not in call.merchant.appids:
        raise PayError("APPID_MCHID_NOT_MATCH")
    if found.sub_mchid and found.sub_appid not in ("", *call.served(found.sub_mchid).appids):
        raise PayError("APPID_MCHID_NOT_MATCH", texts.SUB_APPID)
    return found


def place(call: Call, trade_type: str, shape: Object) -> tuple[Order, str]:
    """Places an order; returns it and a new prepay_id. Raises PayError."""
    body, merchant = call.read(shape), call.merchant
    check_address(merchant, body["notify_url"])
    check_detail(body)
    ends_at = expiry(body.get("time_expire"), call.now)
    who = parties(call, body)
    check_payer(body, who)
    terms = digest({**body, "trade_type": trade_type})
    order = merchant.orders.get(body["out_trade_no"])
    if order is None:
        order = new_order(body, who, trade_type, terms)
        order.made_at, order.ends_at = call.now, ends_at
    else:
        check_repeat(call.runtime, order, terms, call.now)
    merchant.orders[order.out_trade_no] = order
    return order, prepaid(call.runtime, merchant, order)


def new_order(body: Body, who: Parties, trade_type: str, terms: str) -> Order:
    payer: Body = body.get("payer", {})
    return Order(
        out_trade_no=body["out_trade_no"],
        appid=who.appid,
        trade_type=trade_type,
        total=body["amount"]["total"],
        terms=terms,
        description=body["description"],
        attach=body.get("attach", ""),
        notify_url=body.get("notify_url", ""),
        openid=payer.get("openid") or payer.get("sp_openid", ""),
        sub_mchid=who.sub_mchid,
        sub_appid=who.sub_appid,
        sub_openid=payer.get("sub_openid", ""),
        shared=body.get("settle_info", {}).get("profit_sharing", False),
        device=body.get("scene_info", {}).get("device_id", ""),
        limits=body.get("limit_pay", []),
    )


def check_detail(body: Body) -> None:
    if "detail" in body and len(answers.compact(body["detail"])) > LONGEST_DETAIL:
        raise wrong("/detail", None, f"longer than {LONGEST_DETAIL} bytes")


def check_payer(body: Body, who: Parties) -> None:
    """Checks that sub_openid has a sub_appid, and service providers name the payer. Raises PARAM_ERROR."""
    payer: Body = body.get("payer", {})
    if payer.get("sub_openid") and not who.sub_appid:
        raise wrong("/sub_appid", None, "missing, for sub_openid is given")
    if who.sub_mchid and "payer" in body and not {"sp_openid", "sub_openid", "identity"} & payer.keys():
        raise wrong("/payer/sp_openid", None, "sp_openid or sub_openid is needed")


def check_repeat(runtime: Runtime, order: Order, terms: str, now: float) -> None:
    """Checks that an order can be placed again, with the same terms (pay reference 4.2). Raises PayError."""
    if order.terms != terms:
        if runtime.state.settings.reused_number == "documented":
            raise PayError("OUT_TRADE_NO_USED", "商户订单号重复")
        raise PayError("INVALID_REQUEST", texts.OTHER_PARAMETERS)
    state = order.state_at(now)
    if state in ("SUCCESS", "REFUND"):
        raise PayError("ORDER_PAID")
    if state == "CLOSED" or now >= order.ends_at:
        raise PayError("ORDER_CLOSED")


def prepaid(runtime: Runtime, merchant: Merchant, order: Order, *, combined: bool = False) -> str:
    """Creates a prepay_id; of the earlier tokens of the order only a code_url becomes invalid."""
    now = runtime.world.now
    prepay = Prepay(merchant.mchid, order.out_trade_no, now, combined)
    prepay_id = f"wx{moments.compact(now)}{secrets.token_hex(10)}"
    runtime.state.prepays[prepay_id] = prepay
    if order.trade_type == "NATIVE":
        if order.code:
            runtime.state.prepays.pop(order.code, None)
        order.code = f"weixin://wxpay/bizpayurl?pr={secrets.token_urlsafe(6)}"
        runtime.state.prepays[order.code] = prepay
    return prepay_id


def h5_address(runtime: Runtime, prepay_id: str) -> str:
    package = secrets.randbelow(10**10)
    query = f"prepay_id={prepay_id}&package={package}"
    return f"{runtime.world.addresses.pay}/cgi-bin/mmpayweb-bin/checkmweb?{query}"


def digest(body: Body) -> str:
    """Returns a digest of parameters that does not depend on their order."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def expiry(text: str | None, now: float) -> float:
    """Returns the expiry time of an order, in Unix seconds.

    A too early time becomes a minute from now, a too late one the latest allowed (pay reference 4.1).
    """
    if text is None:
        return now + ORDER_LIFE
    return min(max(moment(text, "/time_expire"), now + MINIMUM_EXPIRY), now + ORDER_LIFE)


def moment(text: str, field: str) -> float:
    """Returns a time in RFC 3339 as Unix seconds. Raises PARAM_ERROR for anything else."""
    try:
        return moments.from_rfc3339(text)
    except ValueError:
        raise wrong(field, text, "not a time of RFC 3339") from None


def check_address(merchant: Merchant, url: str, field: str = "/notify_url") -> None:
    """Checks a URL for notifications. Raises PARAM_ERROR.

    A URL that is not public is refused if the merchant's settings say so.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or "?" in url or "#" in url:
        raise wrong(field, url, "not a full https address without a query")
    if merchant.public_notify_only and (parts.scheme != "https" or not is_public(parts.hostname)):
        raise wrong(field, url, "not a public https address")


def is_public(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host != "localhost" and "." in host
    return False
