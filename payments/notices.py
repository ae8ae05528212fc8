"""Notifications: kept as they came, applied once, and visible when they were not.

WeChat Pay reference 5.4, 5.5.
"""

import datetime
import logging

from Crypto.Hash import SHA256
from django.db import transaction
from django.utils import timezone

from payments import history
from payments.applying import Outcome, apply
from payments.models import Merchant, Notice, Order, Step
from payments.refund_reports import apply_refund
from wechat.kernel import due
from wechat.sdk.pay import notices
from wechat.sdk.pay.errors import Unreadable
from wechat.sdk.pay.transactions import read_refund, read_transaction

log = logging.getLogger(__name__)
State = Notice.State

LEASE = datetime.timedelta(minutes=1)
AT_ONCE = 100
RETRY_AFTER = [datetime.timedelta(seconds=seconds) for seconds in (5, 60, 600, 3600)]


@transaction.atomic
def receive(merchant: Merchant, opened: notices.Notice, raw: bytes) -> Notice:
    """Keep it and apply it; whatever happens while applying, it is kept. A known one is looked up."""
    notice, new = Notice.objects.get_or_create(
        merchant=merchant,
        notice_id=opened.id,
        defaults={
            "event_type": opened.event_type,
            "original_type": opened.original_type,
            "summary": opened.summary,
            "raw": _text(raw),
            "resource": opened.resource,
        },
    )
    if new or notice.state == State.FAILED:
        handle(notice)
    return notice


def keep_unreadable(merchant: Merchant, raw: bytes) -> Notice:
    """A genuine one nobody can read: a person has to."""
    notice, _new = Notice.objects.get_or_create(
        merchant=merchant,
        notice_id=SHA256.new(raw).hexdigest(),
        defaults={
            "event_type": "?",
            "raw": _text(raw),
            "resource": {},
            "state": State.ASIDE,
            "problem": "unreadable",
        },
    )
    return notice


def handle(notice: Notice) -> None:
    """Apply it, for the first time or again."""
    notice.attempts += 1
    try:
        with transaction.atomic():
            notice.state, notice.problem = _handled(notice)
        notice.due_at = None
    except Unreadable as error:
        notice.state, notice.problem, notice.due_at = State.ASIDE, str(error), None
    except Exception as error:
        log.exception("notice_failed", extra={"notice": notice.pk})
        pause = RETRY_AFTER[notice.attempts - 1] if notice.attempts <= len(RETRY_AFTER) else None
        notice.state, notice.problem = State.FAILED, f"{type(error).__name__}: {error}"[:300]
        notice.due_at = timezone.now() + pause if pause else None
    notice.save()


def handle_due() -> int:
    handled = 0
    while found := due.claim(Notice.objects.select_related("merchant"), lease=LEASE, limit=AT_ONCE):
        for notice in found:
            handle(notice)
        handled += len(found)
    return handled


def _handled(notice: Notice) -> tuple[str, str]:
    """The notice's state and, set aside, why. Profit sharing has the same event type, so both decide."""
    if notice.original_type == "transaction" and notice.event_type.startswith("TRANSACTION."):
        said = read_transaction(notice.resource)
        outcome = apply(notice.merchant, said, by=history.PLATFORM)
        number = said.out_trade_no
    elif notice.original_type == "refund" and notice.event_type.startswith("REFUND."):
        report = read_refund(notice.resource)
        outcome = apply_refund(notice.merchant, report, by=history.PLATFORM)
        number = report.out_trade_no
    else:
        log.warning("notice_of_unknown_kind", extra={"event": notice.event_type})
        return State.ASIDE, "unknown kind"
    notice.order = Order.objects.filter(merchant=notice.merchant, out_trade_no=number).first()
    if notice.order:
        history.write(notice.order, Step.Kind.NOTICE, notice.summary, history.PLATFORM)
    return outcome.value, "" if outcome is not Outcome.ASIDE else "see the exceptions"


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace").replace("\x00", "")
