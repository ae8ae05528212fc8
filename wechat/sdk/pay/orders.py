"""The calls that place, query and close orders. WeChat Pay reference 4, 5.1, 5.2."""

import datetime
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from wechat.sdk.beijing import BEIJING
from wechat.sdk.errors import TransportError
from wechat.sdk.pay.client import PayClient
from wechat.sdk.pay.transactions import Transaction, read_transaction

TRANSACTIONS = "/v3/pay/transactions"
# How long the result of an order call can be used, whatever ``time_expire`` says.
PREPAY_LIFE = datetime.timedelta(hours=2)
H5_LIFE = datetime.timedelta(minutes=5)
# Of a prepay_id, code_url or h5_url; real ones are much shorter.
LONGEST_PREPAY = 512
# The bytes that an order says of its goods, by either interface.
LONGEST_DETAIL = 6000
# The bytes of an order's attachment; API v2 takes one less than API v3.
LONGEST_ATTACH, LONGEST_ATTACH_V2 = 128, 127


@dataclass(frozen=True, slots=True)
class Goods:
    """A line of the order; ``unit_price`` in fen."""

    merchant_goods_id: str
    goods_name: str
    quantity: int
    unit_price: int


@dataclass(frozen=True, slots=True)
class NewOrder:
    """A new order; ``total`` in fen.

    A repeated call for the same order must have the same parameters.
    """

    appid: str
    out_trade_no: str
    description: str
    total: int
    time_expire: datetime.datetime
    notify_url: str
    attach: str = ""
    goods: tuple[Goods, ...] = field(default=())


def jsapi(client: PayClient, order: NewOrder, openid: str) -> str:
    """Places an order and returns its prepay_id, for a page inside WeChat or a mini program."""
    return _placed(client, "jsapi", {**_body(client, order), "payer": {"openid": openid}}, "prepay_id")


def native(client: PayClient, order: NewOrder) -> str:
    """Places an order and returns its code_url, to be shown as a QR code."""
    return _placed(client, "native", _body(client, order), "code_url")


def h5(client: PayClient, order: NewOrder, client_ip: str) -> str:
    """Places an order and returns its h5_url, for a browser outside WeChat; good for five minutes."""
    scene = {"payer_client_ip": client_ip, "h5_info": {"type": "Wap"}}
    return _placed(client, "h5", {**_body(client, order), "scene_info": scene}, "h5_url")


def query(client: PayClient, out_trade_no: str) -> Transaction:
    """Returns the order's payment.

    Raises PayRefused with ORDER_NOT_EXIST for a number that does not exist (yet).
    """
    path = f"{TRANSACTIONS}/out-trade-no/{out_trade_no}"
    answer = client.get(path, {"mchid": client.merchant.mchid}, api=f"{TRANSACTIONS}/query")
    return read_transaction(answer)


def close(client: PayClient, out_trade_no: str) -> None:
    """Closes an order, so that nobody can pay it; safe to repeat. After a refusal, query the order."""
    path = f"{TRANSACTIONS}/out-trade-no/{out_trade_no}/close"
    client.post(path, {"mchid": client.merchant.mchid}, api=f"{TRANSACTIONS}/close")


def _placed(client: PayClient, product: str, body: dict[str, Any], result: str) -> str:
    path = f"{TRANSACTIONS}/{product}"
    value = client.post(path, body).get(result)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_PREPAY:
        raise TransportError(f"{path} answered no {result}", outcome_unknown=True)
    return value


def _body(client: PayClient, order: NewOrder) -> dict[str, Any]:
    body: dict[str, Any] = {
        "appid": order.appid,
        "mchid": client.merchant.mchid,
        "description": order.description,
        "out_trade_no": order.out_trade_no,
        "time_expire": order.time_expire.astimezone(BEIJING).isoformat(timespec="seconds"),
        "notify_url": order.notify_url,
        "amount": {"total": order.total, "currency": "CNY"},
    }
    # An empty or null field is not the same as none.
    if order.attach:
        body["attach"] = order.attach
    if order.goods:
        body["detail"] = _detail(order.goods)
    return body


def detail_bytes(goods: Iterable[Goods]) -> int:
    """Returns how long an order's goods are, as WeChat Pay counts them: as JSON."""
    return len(json.dumps(_detail(goods), ensure_ascii=False, separators=(",", ":")).encode(errors="replace"))


def _detail(goods: Iterable[Goods]) -> dict[str, Any]:
    return {"goods_detail": [_goods(line) for line in goods]}


def _goods(line: Goods) -> dict[str, Any]:
    return {
        "merchant_goods_id": line.merchant_goods_id,
        "goods_name": line.goods_name,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
    }
