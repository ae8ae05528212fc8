"""The handling of messages in workers after the answer: updates of followers, then the reactions."""

import datetime
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy, gettext_noop
from django_stubs_ext import StrOrPromise

from wechat.inbox import follower_activity, privacy, routing
from wechat.inbox.models import InboundMessage
from wechat.kernel import tracing, work
from wechat.kernel.work import downtime
from wechat.sdk.errors import MalformedMessage

LEASE = datetime.timedelta(minutes=1)
RESTORED = gettext_noop("Restored from a backup: it may have been answered since.")
# After these pauses a message that keeps failing is left to a person ("handle again" in the log).
RETRY_AFTER = [datetime.timedelta(seconds=seconds) for seconds in (5, 60, 600, 3600)]


def _kind(name: str, label: StrOrPromise, *, late: bool, batch: int) -> work.Kind[InboundMessage]:
    return work.Kind(
        name,
        lambda: InboundMessage.objects.filter(late=late).select_related("account"),
        label=label,
        lease=LEASE,
        queue=work.INTERACTIVE,
        batch=batch,
        retry=RETRY_AFTER,
        subject="",
    )


# Messages that have their answer.
REACTIONS = _kind("inbox.react", gettext_lazy("Reacting to messages and events"), late=False, batch=200)
# Those whose answer has still to be worked out. It took too long before, so each is claimed by itself: it
# holds up no other message, and workers share them.
LATE_REACTIONS = _kind("inbox.react_late", gettext_lazy("Answering what took too long"), late=True, batch=1)


@REACTIONS.together
@LATE_REACTIONS.together
def react_to(rows: Sequence[InboundMessage]) -> None:
    """Handles claimed rows; an error is recorded on its row and delays no other."""
    with transaction.atomic():
        rows = privacy.without_what_is_late(rows)
        follower_activity.keep_followers_fresh(rows)
    _settle([row for row in rows if _react_to_one(row)])


@downtime.after_restore
def leave_to_a_person() -> None:
    """Gives up messages that were not handled when the backup was made.

    They may have been handled since.
    """
    waiting = InboundMessage.objects.filter(due_at__isnull=False)
    waiting.update(due_at=None, error=RESTORED)


@transaction.atomic
def _settle(done: Sequence[InboundMessage]) -> None:
    """Marks the messages as handled, and tells of those that were not before."""
    rows = InboundMessage.objects.filter(pk__in=[row.pk for row in done])
    new = rows.filter(handled_at=None).order_by("pk").select_for_update(no_key=True)
    first = set(new.values_list("pk", flat=True))
    rows.update(handled_at=timezone.now(), due_at=None, leased_until=None, error="")
    for counter in routing.counters():
        counter([row for row in done if row.pk in first])


def _react_to_one(row: InboundMessage) -> bool:
    with tracing.span("inbox.react", row.trace, account=row.account.slug):
        return _reacted_to(row)


def _reacted_to(row: InboundMessage) -> bool:
    try:
        message = row.message
    except MalformedMessage:
        return True
    event = routing.InboundEvent(row.account, message, row)
    try:
        _call(routing.reactors(event), event, row)
    except Exception:  # noqa: BLE001 - a reaction may fail in any way; it is logged below if it fails again
        return _reacted_one_by_one(event, row)
    return True


def _reacted_one_by_one(event: routing.InboundEvent, row: InboundMessage) -> bool:
    """Calls each handler in a transaction of its own: what those before one that fails wrote stays."""
    try:
        # The answer that a handler had worked out was rolled back with the others.
        row.refresh_from_db(fields=["answered_by", "later"])
        for handler in routing.reactors(event):
            _call([handler], event, row)
    except Exception as error:  # noqa: BLE001 - a reaction may fail in any way; it is logged, and tried again
        kind = LATE_REACTIONS if row.late else REACTIONS
        kind.failed(row, error)
        return False
    return True


@transaction.atomic
def _call(handlers: Sequence[routing.Reactor], event: routing.InboundEvent, row: InboundMessage) -> None:
    """Calls the handlers, unless the sender was erased meanwhile."""
    if not privacy.is_late(row):
        for handler in handlers:
            handler(event)
