"""What the platform reports of messages it had accepted, joined to their pushes many at a time.

Reference: WeChat reference 2.2, TEMPLATESENDJOBFINISH and subscribe_msg_sent_event.
"""

import datetime
from collections.abc import Sequence

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import OfficialAccount
from wechat.kernel import work
from wechat.pushes import reports
from wechat.pushes.models import Push, Receipt

Reason = Push.Reason

JOINS = work.Kind(
    "pushes.join_receipts",
    Receipt.objects.all,
    lease=datetime.timedelta(minutes=1),
    queue=work.BULK,
    batch=1000,
    subject="",
)
# A receipt that comes before our own record waits for it; one of another system's message is forgotten.
RETRY_AFTER = [datetime.timedelta(seconds=seconds) for seconds in (1, 5, 60, 300, 3600)]

JOIN = """
WITH receipt AS (
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[])
        AS receipt(id, account_id, msgid, reason, status)
), told AS (
    UPDATE pushes_push push
    SET state = CASE WHEN receipt.reason = '' THEN 'delivered' ELSE 'failed' END,
        reason = receipt.reason,
        error = CASE WHEN receipt.reason = '' THEN '' ELSE receipt.status END
    FROM receipt
    WHERE push.account_id = receipt.account_id AND push.msgid = receipt.msgid AND push.state = 'sent'
    RETURNING push.id, push.caller_id
)
SELECT receipt.id, NULL FROM receipt
WHERE EXISTS (
    SELECT 1 FROM pushes_push push
    WHERE push.account_id = receipt.account_id AND push.msgid = receipt.msgid
)
UNION ALL SELECT NULL, told.id FROM told WHERE told.caller_id IS NOT NULL
"""


def keep(account: OfficialAccount, msgid: int, reason: str, status: str) -> None:
    """Note what was reported; the first word on a message counts."""
    now = timezone.now()
    receipt = Receipt(
        account=account, msgid=msgid, reason=reason, status=status[:120] or "?", received_at=now, due_at=now
    )
    Receipt.objects.bulk_create([receipt], ignore_conflicts=True)


@JOINS.together
@transaction.atomic
def join(receipts: Sequence[Receipt]) -> None:
    """Join what has been reported to the pushes it is about."""
    names = ("pk", "account_id", "msgid", "reason", "status")
    columns = [[getattr(receipt, name) for receipt in receipts] for name in names]
    with connection.cursor() as cursor:
        cursor.execute(JOIN, columns)
        rows = cursor.fetchall()
    joined = {receipt for receipt, _push in rows if receipt is not None}
    reports.note([push for _receipt, push in rows if push is not None])
    left = [receipt for receipt in receipts if receipt.pk not in joined]
    forgotten = [receipt.pk for receipt in left if receipt.attempts >= len(RETRY_AFTER)]
    Receipt.objects.filter(pk__in=[*joined, *forgotten]).delete()
    _look_again([receipt for receipt in left if receipt.attempts < len(RETRY_AFTER)])


def _look_again(receipts: Sequence[Receipt]) -> None:
    for receipt in receipts:
        receipt.due_at = timezone.now() + RETRY_AFTER[receipt.attempts]
        receipt.attempts += 1
    Receipt.objects.bulk_update(receipts, ["due_at", "attempts"])
