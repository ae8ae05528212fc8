"""The handling of notifications: each one is kept as it came and applied once; failures are visible.

WeChat Pay reference 5.4, 5.5.
"""

import datetime
import logging
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from payments.merchants.models import Merchant
from payments.notifications.models import Notification
from payments.orders import history
from payments.orders.apply_transaction import TransactionOutcome, apply, apply_at_once
from payments.orders.mismatches import Mismatch, MismatchKind, report_mismatch
from payments.orders.models import Order
from payments.orders.refunds import refunding
from payments.orders.refunds.reports import apply_refund
from wechat.kernel import lock_waits, work
from wechat.kernel.combined_writes import insert
from wechat.kernel.work.rows import in_words
from wechat.sdk.pay import notifications
from wechat.sdk.pay.errors import NotUnderstood
from wechat.sdk.pay.transactions import read_refund, read_transaction
from wechat.sdk.pay.v2_notifications import UNPROVEN_REFUND
from wechat.sdk.text import decode

log = logging.getLogger(__name__)
State = Notification.State

# Notifications that could not be applied when they came.
NOTIFICATIONS = work.Kind(
    "notifications.handle",
    lambda: Notification.objects.select_related("merchant"),
    label=gettext_lazy("Payment notifications"),
    lease=datetime.timedelta(minutes=1),
    queue=work.INTERACTIVE,
    batch=100,
    subject="",
)


def receive(merchant: Merchant, opened: notifications.OpenedNotification, raw: bytes) -> Notification:
    """Applies and keeps a notification in one transaction; if applying fails, it is kept all the same."""
    notification = Notification(
        merchant=merchant,
        notification_id=opened.id,
        event_type=opened.event_type,
        original_type=opened.original_type,
        summary=opened.summary,
        raw=decode(raw),
        resource=opened.resource,
    )
    try:
        if not _apply_at_once(notification):
            with transaction.atomic():
                lock_waits.bound()
                notification.state, notification.error = _handled(notification)
                insert(notification)
    except NotUnderstood as error:
        return _unapplied(
            notification, state=State.ASIDE, error=str(error), order=_order_named_in(notification)
        )
    except Exception as error:
        if isinstance(error, IntegrityError) and (known := _known(notification)):
            return known
        log.exception("notification_failed", extra={"notification": notification.notification_id})
        due_at = timezone.now() + NOTIFICATIONS.retry[0]
        return _unapplied(notification, state=State.FAILED, error=in_words(error), attempts=1, due_at=due_at)
    return notification


def _apply_at_once(notification: Notification) -> bool:
    """Applies an ordinary payment in one statement; returns whether it was one."""

    def kept(order: Order) -> Notification:
        notification.order, notification.state = order, State.APPLIED
        return notification

    return _is_of_payment(notification) and apply_at_once(
        notification.merchant, read_transaction(notification.resource), by=history.PLATFORM, also=kept
    )


def _is_of_payment(notification: Notification) -> bool:
    return notification.original_type == "transaction" and notification.event_type.startswith("TRANSACTION.")


def _known(repeat: Notification) -> Notification | None:
    """Returns the earlier notification with the same id, if any; makes it due now if it had failed."""
    known = Notification.objects.filter(merchant=repeat.merchant, notification_id=repeat.notification_id)
    if known.filter(state=State.FAILED).update(due_at=timezone.now(), attempts=0):
        work.wake(NOTIFICATIONS.name)
    return known.first()


def _unapplied(notification: Notification, **why: Any) -> Notification:
    """Keeps a notification that could not be applied; an unreadable one becomes a discrepancy as well."""
    notification.order = None
    for name, value in why.items():
        setattr(notification, name, value)
    try:
        with transaction.atomic():
            insert(notification)
            if notification.state == State.ASIDE:
                _tell(notification)
    except IntegrityError:
        return _known(notification) or notification
    return notification


def _order_named_in(notification: Notification) -> Order | None:
    """Returns the order that an unreadable notification names, if it does."""
    number = notification.resource.get("out_trade_no")
    if not isinstance(number, str):
        return None
    return Order.objects.filter(merchant=notification.merchant, out_trade_no=number).first()


def _tell(notification: Notification) -> None:
    mismatch = Mismatch(
        MismatchKind.UNREADABLE,
        notification.notification_id,
        order=notification.order,
        there=notification.error,
    )
    report_mismatch(notification.merchant, mismatch)


def record_undecryptable(merchant: Merchant) -> None:
    """Records a discrepancy, once a day, for notifications that the merchant's APIv3 key does not decrypt.

    They are refused, so WeChat Pay sends them again. Usually the key was reset there but not here.
    """
    report_mismatch(merchant, Mismatch(MismatchKind.UNDECRYPTABLE, str(timezone.localdate())))


@transaction.atomic
def keep_unreadable(merchant: Merchant, raw: bytes) -> Notification:
    """Keeps a genuine notification that cannot be read, for a person."""
    notification, is_new = Notification.objects.get_or_create(
        merchant=merchant,
        notification_id=sha256(raw).hexdigest(),
        defaults={
            "event_type": "?",
            "raw": decode(raw),
            "resource": {},
            "state": State.ASIDE,
            "error": "unreadable",
        },
    )
    if is_new:
        _tell(notification)
    return notification


@NOTIFICATIONS.each
def handle(notification: Notification) -> None:
    """Applies a kept notification again."""
    try:
        with transaction.atomic():
            state, why = _handled(notification)
            notification.done(state=state, error=why, order=notification.order)
    except NotUnderstood as error:
        with transaction.atomic():
            notification.done(state=State.ASIDE, error=str(error), order=_order_named_in(notification))
            _tell(notification)


def handle_now(notification: Notification) -> None:
    """Applies a notification now, whatever its state; if that fails, a worker tries again."""
    notification.settle(state=State.FAILED, attempts=0, due_at=timezone.now() + NOTIFICATIONS.lease)
    NOTIFICATIONS.attempt(notification, handle)


def _handled(notification: Notification) -> tuple[str, str]:
    """Returns the new state of a notification and, if it is set aside, why.

    Profit sharing uses the same event type, so the type of the resource decides as well.
    """
    if _is_of_payment(notification):
        result = apply(notification.merchant, read_transaction(notification.resource), by=history.PLATFORM)
    elif notification.original_type == "refund" and notification.event_type.startswith("REFUND."):
        result = apply_refund(notification.merchant, read_refund(notification.resource), by=history.PLATFORM)
    elif notification.original_type == UNPROVEN_REFUND:
        return _asked_about(notification)
    else:
        log.warning("notification_of_unknown_kind", extra={"event": notification.event_type})
        return State.ASIDE, "unknown kind"
    notification.order = result.order
    return (
        result.outcome.value,
        "" if result.outcome is not TransactionOutcome.ASIDE else "see the discrepancies",
    )


def _asked_about(notification: Notification) -> tuple[str, str]:
    known = refunding.query_soon(notification.merchant, read_refund(notification.resource).out_refund_no)
    return (State.APPLIED, "") if known else (State.REPEAT, "")
