"""The stored orders, and the tokens to pay them by. Money is in fen, times are Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

ORDER_LIFE = 7 * 86_400
PREPAY_LIFE, H5_LIFE = 7_200, 300
MINIMUM_EXPIRY = 60


@dataclass(slots=True)
class Order:
    """An order, or a sub-order or the head of a combined order.

    ``state`` is NOTPAY, SUCCESS or CLOSED, for a payment code also USERPAYING, PAYERROR or REVOKED; refunds
    and expiry are only considered in ``state_at``.

    ``terms`` is a digest of the first call's parameters, empty for a closed number that was never placed.
    ``v2`` is the sign type of an order of the old API, empty for API v3. The ``sub_`` fields are those of the
    merchant that a service provider serves. ``combined`` is the number of its combined order. ``unsplit`` is
    the amount of a ``shared`` order that still waits for profit sharing.
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
        """Returns the state as the API reports it, with refunds and expiry."""
        if self.state in ("REVOKED", "PAYERROR"):
            return self.state
        if self.state == "USERPAYING":
            return "USERPAYING" if now < self.ends_at else "PAYERROR"
        if self.state == "SUCCESS":
            return "REFUND" if self.refunds else "SUCCESS"
        return "CLOSED" if self.state == "CLOSED" or now >= self.made_at + ORDER_LIFE else "NOTPAY"


@dataclass(slots=True)
class Prepay:
    """The order (with ``combined``: the combined order) of a prepay_id or code_url."""

    mchid: str
    out_trade_no: str
    made_at: float
    combined: bool = False


@dataclass(slots=True)
class SubOrder:
    """The key of an order in a combined order."""

    mchid: str
    out_trade_no: str


@dataclass(slots=True)
class CombinedOrder:
    """A combined order. ``head`` is shown to the payer: the sum under the combined number.

    Payments and refunds are those of ``subs``.
    """

    head: Order
    subs: list[SubOrder]


@dataclass(slots=True)
class PaymentCode:
    """A payment code, which a person shows to a cashier: 18 digits for one payment within a minute."""

    code: str
    person: str
    openid: str
    bank: str
    password: bool
    made_at: float
    used: bool = False
