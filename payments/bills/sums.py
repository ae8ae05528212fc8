"""The sums of a bill beside those of our own books for that day, in fen."""

import datetime
from dataclasses import dataclass

from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Abs, Round
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from payments.bills.models import Bill, BillLine
from payments.orders.models import Order
from wechat.sdk.beijing import midnight


@dataclass(frozen=True, slots=True)
class SumLine:
    """A line of sums to compare, in fen; ``ours`` covers the payments of the bill that are our orders."""

    title: StrOrPromise
    ours: int
    theirs: int

    @property
    def agrees(self) -> bool:
        return self.ours == self.theirs


def sums(bill: Bill) -> list[SumLine]:
    return _trade(bill) if bill.kind == Bill.Kind.TRADE else _funds(bill)


def _funds(bill: Bill) -> list[SumLine]:
    """Returns the settled amounts less fees, beside the fund flow of the same orders and refunds."""
    parts = [
        (_("Payments, less fees"), "order", BillLine.Kind.PAYMENT, 1),
        (_("Refunds, less fees"), "refund", BillLine.Kind.REFUND, -1),
    ]
    return [SumLine(title, *_moved(bill, field, kind, sign)) for title, field, kind, sign in parts]


def _moved(bill: Bill, field: str, kind: str, sign: int) -> tuple[int, int]:
    moved = bill.movements.filter(**{f"{field}__isnull": False})
    lines = BillLine.objects.filter(**{"kind": kind, f"{field}__in": moved.values(field)})
    expected = lines.aggregate(sum=Sum(F("settled") - Abs(Round(F("fee") / 1000.0))))["sum"] or 0
    return int(expected), sign * int(moved.aggregate(sum=Sum("amount"))["sum"] or 0)


def _trade(bill: Bill) -> list[SumLine]:
    payments = bill.rows.filter(kind=BillLine.Kind.PAYMENT, order__isnull=False)
    refunds = bill.rows.filter(kind=BillLine.Kind.REFUND, refund__isnull=False)
    day = midnight(bill.day)
    paid = Order.objects.filter(
        merchant=bill.merchant_id, paid_at__gte=day, paid_at__lt=day + datetime.timedelta(days=1)
    )
    return [
        SumLine(_("Payments"), paid.aggregate(sum=Sum("total"))["sum"] or 0, _sum(payments, "amount")),
        SumLine(_("Refunds"), _sum(refunds, "refund__amount"), _sum(refunds, "amount")),
    ]


def _sum(rows: QuerySet[BillLine], field: str) -> int:
    return int(rows.aggregate(sum=Sum(field))["sum"] or 0)
