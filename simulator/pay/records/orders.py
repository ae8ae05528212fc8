"""Orders as the platform keeps them, and what a person pays them by. Money is fen, times are Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

ORDER_LIFE = 7 * 86_400
PREPAY_LIFE, H5_LIFE = 7_200, 300
MINIMUM_EXPIRY = 60


@dataclass(slots=True)
class Order:
    """An order; of a combined order, one of its parts or the head.

    `state` is NOTPAY, SUCCESS or CLOSED, of a payment code also USERPAYING, PAYERROR, REVOKED; that there
    were refunds, or that it grew old, is worked out when asked.

    `terms` is a digest of the first call's parameters; a closed number that was never ordered has none. `v2`
    is the sign type of an order of the old API and empty for one of the new. The `sub_` fields are the served
    merchant's, when a service provider ordered. `combined` is the number of the combined order it belongs to.
    `unsplit` is what waits for being shared, of an order whose money is `shared`.
    """

    out_trade_no: str
    appid: str = ""
    trade_type: str = ""
    total: int = 0
    terms: str = ""
    description: str = ""
    attach: str = ""
    notify_url: str = ""
    openid: str = ""
    sub_mchid: str = ""
    sub_appid: str = ""
    sub_openid: str = ""
    combined: str = ""
    shared: bool = False
    unsplit: int = 0
    device: str = ""
    limits: list[str] = field(default_factory=list)
    v2: str = ""
    made_at: float = 0.0
    ends_at: float = 0.0
    code: str = ""
    state: str = "NOTPAY"
    transaction_id: str = ""
    paid_at: float = 0.0
    payer: str = ""
    sub_payer: str = ""
    wallet: str = ""
    bank: str = ""
    coupon: int = 0
    fee: int = 0
    refunds: list[str] = field(default_factory=list)

    @property
    def payer_total(self) -> int:
        return self.total - self.coupon

    def state_at(self, now: float) -> str:
        """Returns the state as the API answers it."""
        if self.state in ("REVOKED", "PAYERROR"):
            return self.state
        if self.state == "USERPAYING":
            return "USERPAYING" if now < self.ends_at else "PAYERROR"
        if self.state == "SUCCESS":
            return "REFUND" if self.refunds else "SUCCESS"
        return "CLOSED" if self.state == "CLOSED" or now >= self.made_at + ORDER_LIFE else "NOTPAY"


@dataclass(slots=True)
class Prepay:
    """The order, or with `combined` the combined one, that a prepay_id or code_url stands for."""

    mchid: str
    out_trade_no: str
    made_at: float
    combined: bool = False


@dataclass(slots=True)
class SubOrder:
    """The name of one of the orders that are paid together."""

    mchid: str
    out_trade_no: str


@dataclass(slots=True)
class CombinedOrder:
    """A combined order. `head` is what the payer sees: the sum under the combined number.

    The money is that of `subs`.
    """

    head: Order
    subs: list[SubOrder]


@dataclass(slots=True)
class PaymentCode:
    """The code somebody shows to a cashier: 18 digits that pay once, within a minute."""

    code: str
    person: str
    openid: str
    bank: str
    password: bool
    made_at: float
    used: bool = False
