"""What WeChat Pay knows: merchants with their orders, refunds and money, wallets, notices. Money is fen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from simulator.pay.faults import PayFault
from simulator.pay.keys import Key

ORDER_LIFE = 7 * 86_400
PREPAY_LIFE, H5_LIFE = 7_200, 300
MINIMUM_EXPIRY = 60


@dataclass(slots=True)
class PlatformCertificate:
    """`serial` as it is told: 40 hex digits with leading zeros. `pem` is the certificate. Times are Unix
    seconds.
    """

    serial: str
    key: Key
    pem: str
    starts: float
    ends: float


@dataclass(slots=True)
class Order:
    """`state` is NOTPAY, SUCCESS or CLOSED; that there were refunds, or that it grew old, is worked out when
    asked.

    `terms` is a digest of the first call's parameters; a closed number that was never ordered has none. `v2`
    is the sign type of an order of the old API and empty for one of the new.
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
    wallet: str = ""
    bank: str = ""
    coupon: int = 0
    fee: int = 0
    refunds: list[str] = field(default_factory=list)

    @property
    def payer_total(self) -> int:
        return self.total - self.coupon

    def state_at(self, now: float) -> str:
        """The state as the API tells it."""
        if self.state == "SUCCESS":
            return "REFUND" if self.refunds else "SUCCESS"
        return "CLOSED" if self.state == "CLOSED" or now >= self.made_at + ORDER_LIFE else "NOTPAY"


@dataclass(slots=True)
class Turn:
    """A refund's state since `at`."""

    status: str
    at: float


@dataclass(slots=True)
class Refund:
    """`ends` is what becomes of it at `due_at`. `fee` is what the merchant gets back of the order's fee."""

    out_refund_no: str
    refund_id: str
    out_trade_no: str
    amount: int
    payer_amount: int = 0
    fee: int = 0
    terms: str = ""
    reason: str = ""
    notify_url: str = ""
    v2: bool = False
    made_at: float = 0.0
    due_at: float | None = None
    ends: str = "SUCCESS"
    received: str = "支付用户零钱"
    turns: list[Turn] = field(default_factory=list)

    @property
    def status(self) -> str:
        return self.turns[-1].status

    def status_at(self, moment: float) -> str:
        """The state it had then."""
        return next((turn.status for turn in reversed(self.turns) if turn.at <= moment), "PROCESSING")


@dataclass(slots=True)
class Movement:
    """A line of the fund flow; `change` is signed, `balance` the merchant's money after it."""

    at: float
    number: str
    transaction_id: str
    kind: str
    change: int
    balance: int
    gross: int
    fee: int
    voucher: str


@dataclass(slots=True)
class Transfer:
    """A transfer to a user; `due_at` is when it ends by itself. Money is fen."""

    out_bill_no: str
    transfer_bill_no: str
    appid: str
    openid: str
    amount: int
    remark: str
    terms: str
    notify_url: str
    package: str
    made_at: float
    changed_at: float
    due_at: float | None
    state: str = "WAIT_USER_CONFIRM"
    fail_reason: str = ""

    @property
    def is_open(self) -> bool:
        return self.state in ("WAIT_USER_CONFIRM", "CANCELING")


@dataclass(slots=True)
class Step:
    """Something said or done in a complaint; `kind` is the platform's operate_type."""

    operator: str
    kind: str
    text: str
    at: float


@dataclass(slots=True)
class Complaint:
    """`state` is PENDING, PROCESSING or PROCESSED; `kind` REFUND, SERVICE_NOT_WORK or OTHERS."""

    id: str
    out_trade_no: str
    detail: str
    problem: str
    kind: str
    phone: str
    at: float
    state: str = "PENDING"
    unanswered: bool = True
    steps: list[Step] = field(default_factory=list)


@dataclass(slots=True)
class Prepay:
    mchid: str
    out_trade_no: str
    made_at: float


@dataclass(slots=True)
class Ballast:
    """Payments of one day that nobody made, for bills of any length. Only the trade bill has them."""

    day: str
    count: int
    total: int
    prefix: str


@dataclass(slots=True)
class Delivery:
    """One attempt at a notice. `verdict` is taken, refused, timeout, error or lost."""

    at: float
    verdict: str = "waiting"
    status: int | None = None
    ms: float = 0.0
    serial: str = ""
    tamper: str = ""
    body: str = ""


@dataclass(slots=True)
class Notice:
    """A notification on its way; `due_at` is the next attempt's time, None when there will be none.

    `plain` is what is sealed in it; for v2 the whole message.
    """

    id: str
    mchid: str
    url: str
    event_type: str
    subject: str
    plain: str
    made_at: float
    due_at: float | None
    v2: bool = False
    attempts: list[Delivery] = field(default_factory=list)
    steps: int = 0


def same_serial(serial: str, *others: str) -> bool:
    """Returns whether it is one of the others, in whatever case its digits are written."""
    return serial.upper() in (each.upper() for each in others)


@dataclass(slots=True)
class Merchant:
    """A merchant as it is set up on the platform, and the platform's own keys for it.

    `certificates` are the merchant's: serial → PEM of the certificate or public key. `key_mode` is
    certificate, public_key or switching; then `notify_share` of the notices are signed with the public key.
    `serving` is the serial of the platform certificate in use. `fee_rate` is in 1/10,000.
    """

    mchid: str
    name: str = ""
    appids: list[str] = field(default_factory=list)
    certificates: dict[str, str] = field(default_factory=dict)
    voided: list[str] = field(default_factory=list)
    apiv3_key: str = ""
    v2_key: str = ""
    refund_notify_url: str = ""
    directories: list[str] = field(default_factory=list)
    public_notify_only: bool = False
    refuse_reused_nonces: bool = False
    key_mode: str = "public_key"
    notify_share: float = 0.5
    fee_rate: int = 60
    balance: int = 0
    public_key_id: str = ""
    public_key: Key | None = None
    platform_certificates: list[PlatformCertificate] = field(default_factory=list)
    serving: str = ""
    orders: dict[str, Order] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    transactions: dict[str, str] = field(default_factory=dict)
    refund_ids: dict[str, str] = field(default_factory=dict)
    movements: list[Movement] = field(default_factory=list)
    ballast: list[Ballast] = field(default_factory=list)
    transfers: dict[str, Transfer] = field(default_factory=dict)
    transfer_numbers: dict[str, str] = field(default_factory=dict)
    complaints: dict[str, Complaint] = field(default_factory=dict)
    complaint_url: str = ""

    def known_serial(self, given: str) -> str | None:
        """The serial of the merchant's certificate as it is kept; hex is written in either case."""
        if given in self.certificates:
            return given
        return next((each for each in self.certificates if same_serial(given, each)), None)

    def refunds_of(self, order: Order) -> Iterator[Refund]:
        return (self.refunds[number] for number in order.refunds)


@dataclass(slots=True)
class PaySettings:
    """Seconds. `reused_number` is how a number ordered again with other parameters is refused: as it is
    observed (400 INVALID_REQUEST) or as it is documented (403 OUT_TRADE_NO_USED).
    """

    notice_deadline: float = 5.0
    refund_seconds: float = 1.0
    probe_share: float = 0.0
    reused_number: str = "observed"
    # How bills are written: see bill_layout.Layout.
    bill_style: str = "crlf"
    bill_separate_fees: bool = False
    bill_classic: bool = False
    bill_decimal_counts: bool = False
    wallet: int = 1_000_000
    password: str = "123456"  # noqa: S105


@dataclass(slots=True)
class PayState:
    """`wallets` are people's money by person or openid; who is not in it has what the settings say."""

    merchants: dict[str, Merchant] = field(default_factory=dict)
    prepays: dict[str, Prepay] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)
    wallets: dict[str, int] = field(default_factory=dict)
    faults: list[PayFault] = field(default_factory=list)
    settings: PaySettings = field(default_factory=PaySettings)

    def emptied(self) -> PayState:
        """The same merchants, as they were set up, with nothing bought."""
        return PayState({each.mchid: as_new(each) for each in self.merchants.values()})


def as_new(merchant: Merchant) -> Merchant:
    passing = ("orders", "refunds", "transactions", "refund_ids", "movements", "ballast", "balance",
        "transfers", "transfer_numbers", "complaints",
    )  # fmt: skip
    kept: dict[str, Any] = {each.name: getattr(merchant, each.name) for each in fields(Merchant)}
    return Merchant(**{name: value for name, value in kept.items() if name not in passing})
