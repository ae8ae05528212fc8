"""Notifications: kept as they came, applied once, and visible when they were not.

WeChat Pay reference 5.4, 5.5.
"""

import datetime
import logging
from hashlib import sha256

from django.db import IntegrityError, transaction
from django.utils import timezone

from payments import history, refunding
from payments.applying import Outcome, apply
from payments.models import Merchant, Notice
from payments.refund_reports import apply_refund
from wechat.kernel import due
from wechat.sdk.pay import notices
from wechat.sdk.pay.errors import Unreadable
from wechat.sdk.pay.transactions import read_refund, read_transaction
from wechat.sdk.pay.v2_notices import UNPROVEN_REFUND
from wechat.sdk.text import decode

log = logging.getLogger(__name__)
State = Notice.State

LEASE = datetime.timedelta(minutes=1)
AT_ONCE = 100
RETRY_AFTER = [datetime.timedelta(seconds=seconds) for seconds in (5, 60, 600, 3600)]


def receive(merchant: Merchant, opened: notices.Notice, raw: bytes) -> Notice:
    """Apply it and keep it, as one; whatever goes wrong while applying, it is kept."""
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
        with transaction.atomic():
            handle(notice)
    except IntegrityError:
        return _known(notice)
    return notice


def _known(repeat: Notice) -> Notice:
    """The one that came before: what the repeat did is undone, for its id cannot be kept twice."""
    with transaction.atomic():
        known = Notice.objects.select_for_update().get(merchant=repeat.merchant, notice_id=repeat.notice_id)
        if known.state == State.FAILED:
            handle(known)
    return known


def keep_unreadable(merchant: Merchant, raw: bytes) -> Notice:
    """A genuine one nobody can read: a person has to."""
    notice, _new = Notice.objects.get_or_create(
        merchant=merchant,
        notice_id=sha256(raw).hexdigest(),
        defaults={
            "event_type": "?",
            "raw": decode(raw),
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
        log.exception("notice_failed", extra={"notice": notice.notice_id})
        pause = RETRY_AFTER[notice.attempts - 1] if notice.attempts <= len(RETRY_AFTER) else None
        notice.state, notice.problem = State.FAILED, f"{type(error).__name__}: {error}"[:300]
        notice.due_at = timezone.now() + pause if pause else None
    notice.save()


def handle_due() -> int:
    return due.work_off(Notice.objects.select_related("merchant"), handle, lease=LEASE, limit=AT_ONCE)


def _handled(notice: Notice) -> tuple[str, str]:
    """The notice's state and, set aside, why. Profit sharing has the same event type, so both decide."""
    if notice.original_type == "transaction" and notice.event_type.startswith("TRANSACTION."):
        told = apply(notice.merchant, read_transaction(notice.resource), by=history.PLATFORM)
    elif notice.original_type == "refund" and notice.event_type.startswith("REFUND."):
        told = apply_refund(notice.merchant, read_refund(notice.resource), by=history.PLATFORM)
    elif notice.original_type == UNPROVEN_REFUND:
        return _asked_about(notice)
    else:
        log.warning("notice_of_unknown_kind", extra={"event": notice.event_type})
        return State.ASIDE, "unknown kind"
    notice.order = told.order
    return told.outcome.value, "" if told.outcome is not Outcome.ASIDE else "see the exceptions"


def _asked_about(notice: Notice) -> tuple[str, str]:
    known = refunding.look_soon(notice.merchant, read_refund(notice.resource).out_refund_no)
    return (State.APPLIED, "") if known else (State.REPEAT, "")
