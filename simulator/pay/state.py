"""The state of WeChat Pay: merchants with orders, refunds and money, wallets, notifications. Money is fen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from simulator.pay.faults import PayFault
from simulator.pay.keys import Key
from simulator.pay.records.complaints import Complaint
from simulator.pay.records.money import Ballast, Movement
from simulator.pay.records.notifications import Notification
from simulator.pay.records.orders import CombinedOrder, Order, PaymentCode, Prepay
from simulator.pay.records.red_packets import RedPacket
from simulator.pay.records.refunds import Refund
from simulator.pay.records.sharing import Receiver, Sharing, SharingReturn
from simulator.pay.records.transfers import Payout, Transfer


@dataclass(slots=True)
class PlatformCertificate:
    """A certificate of the platform, in PEM; times are Unix seconds.

    ``serial`` is 40 hex digits with leading zeros.
    """

    serial: str
    key: Key
    pem: str
    starts: float
    ends: float


def same_serial(serial: str, *others: str) -> bool:
    """Returns whether a serial equals one of the others, ignoring the case of its hex digits."""
    return serial.upper() in (each.upper() for each in others)


@dataclass(slots=True)
class Merchant:
    """A merchant with its settings on the platform, its records, and the platform's keys for it.

    ``certificates`` are the merchant's: serial → PEM of the certificate or public key. ``key_mode`` is
    certificate, public_key or switching; then ``notify_share`` of the notifications are signed with the
    public key. ``serving`` is the serial of the platform certificate in use. ``fee_rate`` and
    ``sharing_ratio`` (the largest part of an order that may be shared) are in 1/10,000. ``sub_mchids`` are
    the merchants that it serves. ``frozen`` is the part of ``balance`` that waits for profit sharing.
    ``sharing_notify_url`` is the URL for notifications of shares it received; ``sharing_returns`` is whether
    it agreed to return shares.
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
    frozen: int = 0
    sub_mchids: list[str] = field(default_factory=list)
    sharing_ratio: int = 3_000
    sharing_notify_url: str = ""
    sharing_returns: bool = True
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
    combined: dict[str, CombinedOrder] = field(default_factory=dict)
    receivers: dict[str, Receiver] = field(default_factory=dict)
    sharings: dict[str, Sharing] = field(default_factory=dict)
    sharing_returned: dict[str, SharingReturn] = field(default_factory=dict)
    payouts: dict[str, Payout] = field(default_factory=dict)
    red_packets: dict[str, RedPacket] = field(default_factory=dict)

    @property
    def held(self) -> int:
        """Returns the sum of transfers that users can still confirm, in fen."""
        return sum(each.amount for each in self.transfers.values() if each.is_open)

    @property
    def available(self) -> int:
        """Returns the amount that can be paid out now, in fen."""
        return self.balance - self.frozen - self.held

    def known_serial(self, given: str) -> str | None:
        """Returns the stored form of a serial of the merchant, ignoring the case of hex; None if unknown."""
        if given in self.certificates:
            return given
        return next((each for each in self.certificates if same_serial(given, each)), None)

    def refunds_of(self, order: Order) -> Iterator[Refund]:
        return (self.refunds[number] for number in order.refunds)


@dataclass(slots=True)
class PaySettings:
    """The settings of WeChat Pay's behaviour; times are in seconds.

    ``reused_number`` is the error for a number that is placed again with other parameters: as observed (400
    INVALID_REQUEST) or as documented (403 OUT_TRADE_NO_USED).
    """

    notification_deadline: float = 5.0
    refund_seconds: float = 1.0
    probe_share: float = 0.0
    reused_number: str = "observed"
    # The layout of bills: see bill_layout.Layout.
    bill_style: str = "crlf"
    bill_separate_fees: bool = False
    bill_classic: bool = False
    bill_decimal_counts: bool = False
    wallet: int = 1_000_000
    password: str = "123456"  # noqa: S105
    # Payments by payment code above this amount need the password, within this number of seconds.
    password_above: int = 100_000
    password_seconds: float = 45.0


@dataclass(slots=True)
class PayState:
    """The state of WeChat Pay that is saved.

    ``wallets`` are people's balances by person or openid; other people have the default of the settings.
    ``names`` are people's real names, by the same keys.
    """

    merchants: dict[str, Merchant] = field(default_factory=dict)
    prepays: dict[str, Prepay] = field(default_factory=dict)
    notifications: dict[str, Notification] = field(default_factory=dict)
    wallets: dict[str, int] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    payment_codes: dict[str, PaymentCode] = field(default_factory=dict)
    faults: list[PayFault] = field(default_factory=list)
    settings: PaySettings = field(default_factory=PaySettings)

    def emptied(self) -> PayState:
        """Returns a state of the same merchants with their settings only, without orders."""
        return PayState({each.mchid: as_new(each) for each in self.merchants.values()})

    def payee(self, merchant: Merchant, order: Order) -> Merchant:
        """Returns the merchant who gets an order's money: the served one if a service provider placed it."""
        return self.merchants[order.sub_mchid] if order.sub_mchid else merchant


def as_new(merchant: Merchant) -> Merchant:
    passing = ("orders", "refunds", "transactions", "refund_ids", "movements", "ballast", "balance",
        "frozen", "transfers", "transfer_numbers", "complaints", "combined", "receivers", "sharings",
        "sharing_returned", "payouts", "red_packets",
    )  # fmt: skip
    kept: dict[str, Any] = {each.name: getattr(merchant, each.name) for each in fields(Merchant)}
    return Merchant(**{name: value for name, value in kept.items() if name not in passing})
