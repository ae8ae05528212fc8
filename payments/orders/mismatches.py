"""The mismatches between WeChat Pay and our books: nothing is booked, and the listeners are told."""

from collections.abc import Callable

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from payments.merchants.models import Merchant
from payments.orders.models import Order, Refund
from wechat.kernel.registry import Registry


class MismatchKind(TextChoices):
    AMOUNT = "amount", _("Another amount was paid")
    CURRENCY = "currency", _("Another currency was paid")
    APPID = "appid", _("Paid under another AppID")
    MERCHANT = "merchant", _("Paid to another merchant number")
    PAYER = "payer", _("Somebody else paid")
    UNKNOWN_ORDER = "unknown_order", _("Payment of an order that is not ours")
    SECOND_PAYMENT = "second_payment", _("Paid twice")
    LATE_PAYMENT = "late_payment", _("Paid although closed here")
    REFUND_AMOUNT = "refund_amount", _("Another amount was refunded")
    REFUND_NUMBERS = "refund_numbers", _("Refund reported with other numbers")
    UNKNOWN_REFUND = "unknown_refund", _("Refund that was not made here")
    REFUND_BACKWARDS = "refund_backwards", _("Refund reported with an impossible state")
    REFUND_FAILED = "refund_failed", _("Refund that WeChat Pay did not make")
    UNREADABLE = "unreadable", _("Notification that makes no sense")
    UNDECRYPTABLE = "undecryptable", _("Notifications do not decrypt: enter the APIv3 key again")
    FOREIGN = "foreign", _("Payments of another system in the bill")
    NOT_PAID_HERE = "not_paid_here", _("Paid in the bill, not here")
    NOT_IN_BILL = "not_in_bill", _("Paid here, not in the bill")
    REFUND_NOT_IN_BILL = "refund_not_in_bill", _("Refunded here, not in the bill")
    BILL_AMOUNT = "bill_amount", _("Another amount in the bill")
    BILL_REFUND_AMOUNT = "bill_refund", _("Another refund amount in the bill")
    BILL_STATE = "bill_state", _("Another state in the bill")
    FUND_UNKNOWN = "fund_unknown", _("Money moved for a number that is not known here")
    FUND_AMOUNT = "fund_amount", _("Another amount moved than the trade bill says")
    FUND_MISSING = "fund_missing", _("Paid here, no money moved")
    BILL_SUMMARY = "bill_summary", _("The bill's summary is not the sum of its lines")


# A payment that WeChat Pay has and that does not fit the order: it is not booked before staff decide.
UNFITTING = frozenset(
    {
        MismatchKind.AMOUNT,
        MismatchKind.CURRENCY,
        MismatchKind.APPID,
        MismatchKind.MERCHANT,
        MismatchKind.PAYER,
    }
)


class Mismatch(Exception):
    """The error for a genuine message that does not match our books and so is not applied."""

    def __init__(
        self,
        kind: MismatchKind,
        subject: str,
        *,
        order: Order | None = None,
        refund: Refund | None = None,
        here: object = "",
        there: object = "",
    ) -> None:
        super().__init__(f"{kind}: {subject}")
        self.kind = kind
        self.subject = subject
        self.order = order
        self.refund = refund
        self.here = str(here)
        self.there = str(there)


# Told of every mismatch, in the transaction that noticed it.
LISTENERS: Registry[Callable[[Merchant, Mismatch], object]] = Registry("listener to mismatches")


def report_mismatch(merchant: Merchant, mismatch: Mismatch) -> None:
    """Tells the listeners of a mismatch, which may be a repeated one."""
    for listen in LISTENERS:
        listen(merchant, mismatch)
