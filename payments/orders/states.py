"""The states of orders and refunds, with one table each of the allowed moves.

All moves go forward, except that an abnormal refund is processed again when it is paid out in another way; no
money has moved in either state. Triggers in the database contain the same tables, so that neither code nor
manual SQL can move money backwards.

WeChat Pay reference 5.1, 5.3, 10.1.
"""

from collections.abc import Mapping

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class IllegalMove(Exception):
    """The error for a move that the table does not contain."""

    def __init__(self, before: str, after: str) -> None:
        super().__init__(f"no move from {before} to {after}")
        self.before = before
        self.after = after


class OrderState(TextChoices):
    CREATED = "created", _("Being placed")
    PAYING = "paying", _("Waiting for payment")
    CLOSING = "closing", _("Being closed")
    CLOSED = "closed", _("Closed")
    FAILED = "failed", _("Refused by WeChat Pay")
    PAID = "paid", _("Paid")
    PARTLY_REFUNDED = "partly", _("Partly refunded")
    REFUNDED = "refunded", _("Refunded")


class RefundState(TextChoices):
    WAITING = "waiting", _("Waiting for a second person")
    PENDING = "pending", _("Being asked for")
    PROCESSING = "processing", _("Under way")
    ABNORMAL = "abnormal", _("Cannot be paid out")
    SUCCESS = "success", _("Refunded")
    CLOSED = "closed", _("Closed by WeChat Pay")
    REFUSED = "refused", _("Refused by WeChat Pay")
    REJECTED = "rejected", _("Rejected")


ORDER_MOVES: Mapping[str, frozenset[str]] = {
    OrderState.CREATED: frozenset(
        {OrderState.PAYING, OrderState.CLOSING, OrderState.CLOSED, OrderState.FAILED, OrderState.PAID}
    ),
    OrderState.PAYING: frozenset({OrderState.CLOSING, OrderState.CLOSED, OrderState.PAID}),
    OrderState.CLOSING: frozenset({OrderState.CLOSED, OrderState.PAID}),
    # Money that arrives all the same is never dropped.
    OrderState.CLOSED: frozenset({OrderState.PAID}),
    OrderState.FAILED: frozenset({OrderState.PAID}),
    OrderState.PAID: frozenset({OrderState.PARTLY_REFUNDED, OrderState.REFUNDED}),
    OrderState.PARTLY_REFUNDED: frozenset({OrderState.REFUNDED}),
    OrderState.REFUNDED: frozenset(),
}
REFUND_MOVES: Mapping[str, frozenset[str]] = {
    RefundState.WAITING: frozenset({RefundState.PENDING, RefundState.REJECTED}),
    RefundState.PENDING: frozenset(
        {
            RefundState.PROCESSING,
            RefundState.ABNORMAL,
            RefundState.SUCCESS,
            RefundState.CLOSED,
            RefundState.REFUSED,
        }
    ),
    RefundState.PROCESSING: frozenset({RefundState.ABNORMAL, RefundState.SUCCESS, RefundState.CLOSED}),
    # Paid out in another way, it is under way anew, and may fail anew. See ``refunds.reports``: an answer
    # that was asked for before it failed does not make it so.
    RefundState.ABNORMAL: frozenset({RefundState.PROCESSING, RefundState.SUCCESS, RefundState.CLOSED}),
    RefundState.SUCCESS: frozenset(),
    RefundState.CLOSED: frozenset(),
    RefundState.REFUSED: frozenset(),
    RefundState.REJECTED: frozenset(),
}

OPEN = frozenset({OrderState.CREATED, OrderState.PAYING, OrderState.CLOSING})
PAID = frozenset({OrderState.PAID, OrderState.PARTLY_REFUNDED, OrderState.REFUNDED})
# Refunds that will never pay anything out: what was set aside for them is free again.
RELEASED = frozenset({RefundState.CLOSED, RefundState.REFUSED, RefundState.REJECTED})
# Nothing left to do for us.
SETTLED = RELEASED | {RefundState.SUCCESS}


def move(moves: Mapping[str, frozenset[str]], before: str, after: str) -> str:
    """Returns the new state. Raises ``IllegalMove``."""
    if after not in moves[before]:
        raise IllegalMove(before, after)
    return after
