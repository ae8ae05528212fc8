"""The common interface of API v3 and v2 for orders and refunds.

``V3Cashier`` is for API v3; ``v2_cashier.V2Cashier`` is for merchants that still use API v2.
"""

import time
from typing import Protocol

from wechat.sdk.pay import orders, refunds, signing
from wechat.sdk.pay.client import PayClient
from wechat.sdk.pay.orders import NewOrder
from wechat.sdk.pay.refunds import NewRefund
from wechat.sdk.pay.transactions import RefundReport, Transaction


class Cashier(Protocol):
    """The calls for orders and refunds by either API.

    They raise TransportError and PayError; refusals have the codes of API v3.
    """

    def jsapi(self, order: NewOrder, openid: str) -> str:
        """Places an order and returns its prepay_id, for a page inside WeChat or a mini program."""

    def native(self, order: NewOrder) -> str:
        """Places an order and returns its code_url, to be shown as a QR code."""

    def h5(self, order: NewOrder, client_ip: str) -> str:
        """Places an order and returns its h5_url, for a browser outside WeChat; good for five minutes."""

    def query(self, out_trade_no: str, appid: str) -> Transaction: ...

    def close(self, out_trade_no: str, appid: str) -> None:
        """Closes an order, so that nobody can pay it; safe to repeat. After a refusal, query the order."""

    def refund(self, new: NewRefund) -> RefundReport:
        """Asks for a refund. The same number is the same refund."""

    def query_refund(self, out_refund_no: str, appid: str) -> RefundReport: ...

    def bridge(self, appid: str, prepay_id: str) -> dict[str, str]:
        """Returns the parameters that start the payment in a page."""


class V3Cashier:
    def __init__(self, client: PayClient) -> None:
        self.client = client

    def jsapi(self, order: NewOrder, openid: str) -> str:
        return orders.jsapi(self.client, order, openid)

    def native(self, order: NewOrder) -> str:
        return orders.native(self.client, order)

    def h5(self, order: NewOrder, client_ip: str) -> str:
        return orders.h5(self.client, order, client_ip)

    def query(self, out_trade_no: str, appid: str) -> Transaction:
        return orders.query(self.client, out_trade_no)

    def close(self, out_trade_no: str, appid: str) -> None:
        orders.close(self.client, out_trade_no)

    def refund(self, new: NewRefund) -> RefundReport:
        return refunds.refund(self.client, new)

    def query_refund(self, out_refund_no: str, appid: str) -> RefundReport:
        return refunds.query(self.client, out_refund_no)

    def bridge(self, appid: str, prepay_id: str) -> dict[str, str]:
        now, nonce = int(time.time()), signing.nonce()
        return signing.bridge(self.client.merchant, appid, prepay_id, timestamp=now, nonce_str=nonce)
