"""What happens after the answer: duties to followers, then every registered reaction, in the worker."""

import datetime
import logging
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from wechat.inbox import duties, routing
from wechat.inbox.models import InboundMessage
from wechat.kernel import due
from wechat.sdk.errors import MalformedMessage

log = logging.getLogger(__name__)

LEASE = datetime.timedelta(minutes=1)
BATCH = 200
# After these pauses a message that keeps failing is left to a person ("handle again" in the log).
RETRY_AFTER = [datetime.timedelta(seconds=seconds) for seconds in (5, 60, 600, 3600)]


def react_to_due() -> int:
    """Handle the due messages that have their answer; how many."""
    return _react_to_all(late=False, limit=BATCH)


def react_to_late() -> int:
    """Handle those whose answer has still to be worked out. It took too long before, so each is claimed by
    itself: it holds up no other message, and workers share them."""
    return _react_to_all(late=True, limit=1)


def _react_to_all(*, late: bool, limit: int) -> int:
    handled = 0
    due_rows = InboundMessage.objects.filter(late=late).select_related("account")
    while rows := due.claim(due_rows, lease=LEASE, limit=limit):
        react_to(rows)
        handled += len(rows)
    return handled


def react_to(rows: Sequence[InboundMessage]) -> None:
    """Handle claimed rows; a row's failure is kept on it and delays nobody else's."""
    duties.keep_followers_fresh(rows)
    done = [row.pk for row in rows if _react_to_one(row)]
    InboundMessage.objects.filter(pk__in=done).update(handled_at=timezone.now(), due_at=None, error="")


def _react_to_one(row: InboundMessage) -> bool:
    try:
        message = row.message
    except MalformedMessage:
        return True
    event = routing.Event(row.account, message, row)
    try:
        for handler in routing.reactors(event):
            with transaction.atomic():
                handler(event)
    except Exception as error:
        log.exception("reaction_failed", extra={"row": row.pk})
        _postpone(row, f"{type(error).__name__}: {error}")
        return False
    return True


def _postpone(row: InboundMessage, error: str) -> None:
    pause = RETRY_AFTER[row.attempts] if row.attempts < len(RETRY_AFTER) else None
    row.attempts += 1
    row.error = error
    row.due_at = timezone.now() + pause if pause else None
    row.save(update_fields=["attempts", "error", "due_at"])
