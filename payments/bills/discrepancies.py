"""The recording of mismatches as discrepancies: each one once, without any change to its order."""

import logging

from payments.bills.models import Bill, Discrepancy
from payments.merchants.models import Merchant
from payments.orders import history
from payments.orders.mismatches import LISTENERS, Mismatch
from payments.orders.models import Step

log = logging.getLogger(__name__)


def record(merchant: Merchant, mismatch: Mismatch, bill: Bill | None = None) -> Discrepancy:
    """Records a mismatch as a discrepancy and returns it; a repeated mismatch returns the same row."""
    order = mismatch.order
    found, new = Discrepancy.objects.get_or_create(
        merchant=merchant,
        kind=mismatch.kind,
        subject=mismatch.subject[:120],
        defaults={
            "account": order.account if order else None,
            "order": order,
            "refund": mismatch.refund,
            "bill": bill,
            "here": mismatch.here[:200],
            "there": mismatch.there[:200],
        },
    )
    if new:
        log.warning(
            "payment_discrepancy",
            extra={"merchant": merchant.slug, "kind": mismatch.kind, "subject": mismatch.subject},
        )
        if order:
            history.write(order, Step.Kind.DISCREPANCY, mismatch.kind.label)
    return found


LISTENERS.add("discrepancies", record)
