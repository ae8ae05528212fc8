"""The platform's delivery receipts, joined to their pushes many at a time.

Reference: WeChat reference 2.2, TEMPLATESENDJOBFINISH and subscribe_msg_sent_event.
"""

import datetime
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from wechat.kernel import work
from wechat.pushes import transitions
from wechat.pushes.models import Receipt

JOINS = work.Kind(
    "pushes.join_receipts",
    Receipt.objects.all,
    label=gettext_lazy("Taking in delivery receipts"),
    lease=datetime.timedelta(minutes=1),
    queue=work.BULK,
    batch=1000,
    subject="",
)
# A receipt that arrives before the message id is stored is retried; another system's one is deleted.
RETRY_AFTER = [datetime.timedelta(seconds=seconds) for seconds in (1, 5, 60, 300, 3600)]


def store(account: OfficialAccount, msgid: int, reason: str, status: str) -> None:
    """Stores a receipt; the first one for a message counts."""
    now = timezone.now()
    receipt = Receipt(
        account=account, msgid=msgid, reason=reason, status=status[:120] or "?", received_at=now, due_at=now
    )
    Receipt.objects.bulk_create([receipt], ignore_conflicts=True)


@JOINS.together
@transaction.atomic
def join(receipts: Sequence[Receipt]) -> None:
    """Joins receipts to their pushes; deletes those that stay without one, and retries the others later."""
    joined = transitions.join_receipts(receipts)
    left = [receipt for receipt in receipts if receipt.pk not in joined]
    forgotten = [receipt.pk for receipt in left if receipt.attempts >= len(RETRY_AFTER)]
    Receipt.objects.filter(pk__in=[*joined, *forgotten]).delete()
    _retry_later([receipt for receipt in left if receipt.attempts < len(RETRY_AFTER)])


def _retry_later(receipts: Sequence[Receipt]) -> None:
    for receipt in receipts:
        receipt.due_at = timezone.now() + RETRY_AFTER[receipt.attempts]
        receipt.attempts += 1
    Receipt.objects.bulk_update(receipts, ["due_at", "attempts"])
