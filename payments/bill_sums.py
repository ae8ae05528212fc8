"""A trade bill and our own books of that day, side by side, to the fen."""

import datetime
from dataclasses import dataclass

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from payments.filtering import midnight
from payments.models import Bill, BillLine, Order


@dataclass(frozen=True, slots=True)
class Line:
    """Amounts in fen; ``ours`` of the payments in the bill that are orders here."""

    title: StrOrPromise
    ours: int
    theirs: int

    @property
    def agrees(self) -> bool:
        return self.ours == self.theirs


def sums(bill: Bill) -> list[Line]:
    payments = bill.rows.filter(kind=BillLine.Kind.PAYMENT, order__isnull=False)
    refunds = bill.rows.filter(kind=BillLine.Kind.REFUND, refund__isnull=False)
    day = midnight(bill.day)
    paid = Order.objects.filter(
        merchant=bill.merchant_id, paid_at__gte=day, paid_at__lt=day + datetime.timedelta(days=1)
    )
    return [
        Line(_("Payments"), paid.aggregate(sum=Sum("total"))["sum"] or 0, _sum(payments, "amount")),
        Line(_("Refunds"), _sum(refunds, "refund__amount"), _sum(refunds, "amount")),
    ]


def _sum(rows: QuerySet[BillLine], field: str) -> int:
    return int(rows.aggregate(sum=Sum(field))["sum"] or 0)
