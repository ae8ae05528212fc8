"""The argument, the registration and the errors of handlers of the old API (pay reference 8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.pay.records.orders import Order
from simulator.pay.runtime import Runtime
from simulator.pay.state import Merchant
from simulator.whole_numbers import whole_number

Fields = dict[str, str]
Handler = Callable[["V2Call"], Fields]


class V2Error(Exception):
    """An error of the old API, with its error code; ``fields`` are added to the answer."""

    def __init__(self, code: str, text: str, fields: Fields | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.text = text
        self.fields = fields or {}


@dataclass(frozen=True, slots=True)
class V2Call:
    """A call whose signature has been checked; the answer is signed with the same method."""

    runtime: Runtime
    merchant: Merchant
    fields: Fields
    method: str

    @property
    def now(self) -> float:
        return self.runtime.world.now

    def need(self, *names: str) -> None:
        """Checks that these fields are present and not empty. Raises LACK_PARAMS."""
        if missing := [name for name in names if not self.fields.get(name)]:
            raise V2Error("LACK_PARAMS", f"缺少参数{missing[0]}")

    def amount(self, name: str) -> int:
        """Returns an amount in fen. Raises PARAM_ERROR unless it is a positive integer."""
        text = self.fields.get(name, "")
        if amount := whole_number(text) if text.isascii() else None:
            return amount
        raise V2Error("PARAM_ERROR", f"{name}参数格式错误")

    def check_lengths(self, longest: dict[str, int]) -> None:
        """Checks the maximal lengths of fields, in characters. Raises PARAM_ERROR."""
        for name, most in longest.items():
            if len(self.fields.get(name, "")) > most:
                raise V2Error("PARAM_ERROR", f"{name}参数长度有误")

    def order(self) -> Order:
        """Returns the order named by transaction_id or out_trade_no. Raises ORDERNOTEXIST."""
        number = self.fields.get("out_trade_no", "")
        if transaction := self.fields.get("transaction_id"):
            number = self.merchant.transactions.get(transaction, "")
        order = self.merchant.orders.get(number)
        if order is None or not order.terms:
            raise V2Error("ORDERNOTEXIST", "订单不存在")
        return order


@dataclass(frozen=True, slots=True)
class OldApi:
    """A registered call of the old API.

    ``certificate`` says that it requires mutual TLS; ``merchant_field`` and ``appid_field`` are names of
    fields.
    """

    handler: Handler
    certificate: bool = False
    merchant_field: str = "mch_id"
    appid_field: str = "appid"
    signed: bool = True


OLD_APIS: dict[str, OldApi] = {}


def old_api(
    path: str,
    *,
    certificate: bool = False,
    merchant_field: str = "mch_id",
    appid_field: str = "appid",
    signed: bool = True,
) -> Callable[[Handler], Handler]:
    """Registers a handler of the old API under its path."""

    def register(handler: Handler) -> Handler:
        OLD_APIS[path] = OldApi(handler, certificate, merchant_field, appid_field, signed)
        return handler

    return register
