"""Where WeChat Pay and we disagree: never silently, never twice, and no order changes because of it."""

import logging

from payments import history
from payments.models import Bill, Discrepancy, Merchant, Order, Refund, Step

log = logging.getLogger(__name__)
Kind = Discrepancy.Kind

# A payment that WeChat Pay has and that does not fit the order: it is not booked before staff decide.
UNFITTING = frozenset({Kind.AMOUNT, Kind.CURRENCY, Kind.APPID, Kind.MERCHANT, Kind.PAYER})


class Mismatch(Exception):
    """A genuine message that does not fit what we know, so it is not applied."""

    def __init__(
        self,
        kind: Discrepancy.Kind,
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


def note(merchant: Merchant, mismatch: Mismatch, bill: Bill | None = None) -> Discrepancy:
    """Put it on the exceptions desk; noticed again, it is still the same one."""
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
            history.write(order, Step.Kind.DISCREPANCY, str(found.get_kind_display()))
    return found
