from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.merchants.models import Merchant
from payments.orders.models.orders import Order
from payments.orders.models.refunds import Refund
from wechat.kernel.work import WorkRow


class Bill(WorkRow):
    """WeChat Pay's bill of one merchant for one day; sums in fen, fees in 1/1000 fen as in the file.

    ``due_at`` is when it is fetched (again); null once it was fetched or does not exist.
    """

    class Kind(models.TextChoices):
        TRADE = "trade", _("Trade bill")
        FUNDS = "funds", _("Fund flow bill")

    class State(models.TextChoices):
        WAITING = "waiting", _("Not there yet")
        EMPTY = "empty", _("No trade that day")
        MATCHED = "matched", _("Compared")
        FAILED = "failed", _("Could not be fetched")

    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="bills", verbose_name=_("merchant"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    day = models.DateField(_("day"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    sha1 = models.CharField(_("SHA-1"), max_length=40, blank=True)
    file = models.FileField(_("file"), upload_to="bills/%Y/%m", blank=True)
    lines = models.PositiveIntegerField(_("lines"), default=0)
    income = models.BigIntegerField(_("income"), default=0)
    spent = models.BigIntegerField(_("refunds and spending"), default=0)
    fees = models.BigIntegerField(_("fees"), default=0)
    summary = models.JSONField(_("totals"), default=dict)
    fetched_at = models.DateTimeField(_("fetched"), null=True, blank=True)

    class Meta:
        verbose_name = _("bill")
        verbose_name_plural = _("bills")
        constraints = [
            models.UniqueConstraint(fields=["merchant", "kind", "day"], name="bill_once"),
            models.CheckConstraint(
                condition=Q(due_at__isnull=True) | Q(state="waiting"), name="bill_due_while_waiting"
            ),
        ]
        indexes = [*WorkRow.Meta.indexes]

    def __str__(self) -> str:
        return f"{self.day} {self.get_kind_display()}"

    def on_failure(self, error: object) -> dict[str, Any]:
        return {"state": self.State.FAILED}


class Matched(models.Model):
    """The link from a line of a bill to the order or refund that it is about, if known.

    An abstract model: each kind of line brings its own indexes.
    """

    order = models.ForeignKey(
        Order,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("order"),
        db_index=False,
    )
    refund = models.ForeignKey(
        Refund,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("refund"),
        db_index=False,
    )

    class Meta:
        abstract = True


class BillLine(Matched):
    """A payment or refund in a trade bill, linked to our order or refund."""

    class Kind(models.TextChoices):
        PAYMENT = "payment", _("Payment")
        REFUND = "refund", _("Refund")
        OTHER = "other", _("Other")

    bill = models.ForeignKey(
        Bill, models.CASCADE, related_name="rows", verbose_name=_("bill"), db_index=False
    )
    number = models.PositiveIntegerField(_("line"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    at = models.DateTimeField(_("time"))
    transaction_id = models.CharField(_("WeChat Pay number"), max_length=32)
    out_trade_no = models.CharField(_("order number"), max_length=32)
    platform_refund_id = models.CharField(_("WeChat Pay refund number"), max_length=32, blank=True)
    out_refund_no = models.CharField(_("refund number"), max_length=64, blank=True)
    state = models.CharField(_("state"), max_length=16)
    amount = models.BigIntegerField(_("amount"))
    # Less what the merchant's own coupons paid: this is what moves on the balance, but for the fee.
    settled = models.BigIntegerField(default=0, editable=False)
    fee = models.BigIntegerField(_("fee"))

    class Meta:
        verbose_name = _("bill line")
        verbose_name_plural = _("bill lines")
        constraints = [models.UniqueConstraint(fields=["bill", "number"], name="bill_line_once")]
        indexes = [
            models.Index(fields=["order"], name="bill_line_order", condition=Q(order__isnull=False)),
            models.Index(fields=["refund"], name="bill_line_refund", condition=Q(refund__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.out_trade_no} {self.amount}"


class FundLine(Matched):
    """A movement of the merchant's balance."""

    bill = models.ForeignKey(
        Bill, models.CASCADE, related_name="movements", verbose_name=_("bill"), db_index=False
    )
    number = models.PositiveIntegerField(_("line"))
    at = models.DateTimeField(_("time"))
    business_no = models.CharField(_("WeChat Pay number"), max_length=64)
    flow_no = models.CharField(_("movement number"), max_length=64)
    business = models.CharField(_("business"), max_length=64)
    amount = models.BigIntegerField(_("amount"), help_text=_("Negative for spending."))
    balance = models.BigIntegerField(_("balance"))
    remark = models.CharField(_("remark"), max_length=300, blank=True)
    voucher = models.CharField(_("our number"), max_length=128, blank=True)

    class Meta:
        verbose_name = _("fund movement")
        verbose_name_plural = _("fund movements")
        constraints = [models.UniqueConstraint(fields=["bill", "number"], name="fund_line_once")]
        indexes = [
            models.Index(fields=["order"], name="fund_line_order", condition=Q(order__isnull=False)),
            models.Index(fields=["refund"], name="fund_line_refund", condition=Q(refund__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.flow_no} {self.amount}"
