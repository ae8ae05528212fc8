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
from payments.notifications.models import Notice
from payments.orders import history
from payments.orders.apply_transaction import TransactionOutcome, apply, apply_at_once
from payments.orders.mismatches import Mismatch, MismatchKind, report_mismatch
from payments.orders.models import Order
from payments.orders.refunds import refunding
from payments.orders.refunds.reports import apply_refund
from wechat.kernel import lock_waits, work
from wechat.kernel.combined_writes import insert
from wechat.kernel.work.rows import in_words
from wechat.sdk.pay import notices
from wechat.sdk.pay.errors import NotUnderstood
from wechat.sdk.pay.transactions import read_refund, read_transaction
from wechat.sdk.pay.v2_notices import UNPROVEN_REFUND
from wechat.sdk.text import decode

log = logging.getLogger(__name__)
State = Notice.State

# Notifications that could not be applied when they came.
NOTICES = work.Kind(
    "notifications.handle_notices",
    lambda: Notice.objects.select_related("merchant"),
    label=gettext_lazy("Payment notifications"),
    lease=datetime.timedelta(minutes=1),
    queue=work.INTERACTIVE,
    batch=100,
    subject="",
)


def receive(merchant: Merchant, opened: notices.OpenedNotice, raw: bytes) -> Notice:
    """Applies and keeps a notification in one transaction; if applying fails, it is kept all the same."""
    notice = Notice(
        merchant=merchant,
        notice_id=opened.id,
        event_type=opened.event_type,
        original_type=opened.original_type,
        summary=opened.summary,
        raw=decode(raw),
        resource=opened.resource,
    )
    try:
        if not _apply_at_once(notice):
            with transaction.atomic():
                lock_waits.bound()
                notice.state, notice.error = _handled(notice)
                insert(notice)
    except NotUnderstood as error:
        return _unapplied(notice, state=State.ASIDE, error=str(error), order=_order_named_in(notice))
    except Exception as error:
        if isinstance(error, IntegrityError) and (known := _known(notice)):
            return known
        log.exception("notice_failed", extra={"notice": notice.notice_id})
        due_at = timezone.now() + NOTICES.retry[0]
        return _unapplied(notice, state=State.FAILED, error=in_words(error), attempts=1, due_at=due_at)
    return notice


def _apply_at_once(notice: Notice) -> bool:
    """Applies an ordinary payment in one statement; returns whether it was one."""

    def kept(order: Order) -> Notice:
        notice.order, notice.state = order, State.APPLIED
        return notice

    return _is_of_payment(notice) and apply_at_once(
        notice.merchant, read_transaction(notice.resource), by=history.PLATFORM, also=kept
    )


def _is_of_payment(notice: Notice) -> bool:
    return notice.original_type == "transaction" and notice.event_type.startswith("TRANSACTION.")


def _known(repeat: Notice) -> Notice | None:
    """Returns the earlier notification with the same id, if any; makes it due now if it had failed."""
    known = Notice.objects.filter(merchant=repeat.merchant, notice_id=repeat.notice_id)
    if known.filter(state=State.FAILED).update(due_at=timezone.now(), attempts=0):
        work.wake(NOTICES.name)
    return known.first()


def _unapplied(notice: Notice, **why: Any) -> Notice:
    """Keeps a notification that could not be applied; an unreadable one becomes an exception as well."""
    notice.order = None
    for name, value in why.items():
        setattr(notice, name, value)
    try:
        with transaction.atomic():
            insert(notice)
            if notice.state == State.ASIDE:
                _tell(notice)
    except IntegrityError:
        return _known(notice) or notice
    return notice


def _order_named_in(notice: Notice) -> Order | None:
    """Returns the order that an unreadable notification names, if it does."""
    number = notice.resource.get("out_trade_no")
    if not isinstance(number, str):
        return None
    return Order.objects.filter(merchant=notice.merchant, out_trade_no=number).first()


def _tell(notice: Notice) -> None:
    mismatch = Mismatch(MismatchKind.UNREADABLE, notice.notice_id, order=notice.order, there=notice.error)
    report_mismatch(notice.merchant, mismatch)


def record_undecryptable(merchant: Merchant) -> None:
    """Records an exception, once a day, for notifications that the merchant's APIv3 key does not decrypt.

    They are refused, so WeChat Pay sends them again. Usually the key was reset there but not here.
    """
    report_mismatch(merchant, Mismatch(MismatchKind.UNDECRYPTABLE, str(timezone.localdate())))


@transaction.atomic
def keep_unreadable(merchant: Merchant, raw: bytes) -> Notice:
    """Keeps a genuine notification that cannot be read, for a person."""
    notice, is_new = Notice.objects.get_or_create(
        merchant=merchant,
        notice_id=sha256(raw).hexdigest(),
        defaults={
            "event_type": "?",
            "raw": decode(raw),
            "resource": {},
            "state": State.ASIDE,
            "error": "unreadable",
        },
    )
    if is_new:
        _tell(notice)
    return notice


@NOTICES.each
def handle(notice: Notice) -> None:
    """Applies a kept notification again."""
    try:
        with transaction.atomic():
            state, why = _handled(notice)
            notice.done(state=state, error=why, order=notice.order)
    except NotUnderstood as error:
        with transaction.atomic():
            notice.done(state=State.ASIDE, error=str(error), order=_order_named_in(notice))
            _tell(notice)


def handle_now(notice: Notice) -> None:
    """Applies a notification now, whatever its state; if that fails, a worker tries again."""
    notice.settle(state=State.FAILED, attempts=0, due_at=timezone.now() + NOTICES.lease)
    NOTICES.attempt(notice, handle)


def _handled(notice: Notice) -> tuple[str, str]:
    """Returns the new state of a notice and, if it is set aside, why.

    Profit sharing uses the same event type, so the type of the resource decides as well.
    """
    if _is_of_payment(notice):
        result = apply(notice.merchant, read_transaction(notice.resource), by=history.PLATFORM)
    elif notice.original_type == "refund" and notice.event_type.startswith("REFUND."):
        result = apply_refund(notice.merchant, read_refund(notice.resource), by=history.PLATFORM)
    elif notice.original_type == UNPROVEN_REFUND:
        return _asked_about(notice)
    else:
        log.warning("notice_of_unknown_kind", extra={"event": notice.event_type})
        return State.ASIDE, "unknown kind"
    notice.order = result.order
    return (
        result.outcome.value,
        "" if result.outcome is not TransactionOutcome.ASIDE else "see the exceptions",
    )


def _asked_about(notice: Notice) -> tuple[str, str]:
    known = refunding.look_soon(notice.merchant, read_refund(notice.resource).out_refund_no)
    return (State.APPLIED, "") if known else (State.REPEAT, "")
