"""Telling business systems what became of the messages they asked for.

A row for every final state, written with that state; posted in the background, signed like every webhook of
ours (``wechat.kernel.webhooks``), repeated until it is answered with a status of 200 to 299.
"""

import datetime
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import connection
from django.utils import timezone

from wechat.kernel import due, webhooks
from wechat.pushes.models import Push, StatusReport

LEASE = datetime.timedelta(minutes=2)
AT_ONCE = 16
# Some 23 hours in all.
RETRY_AFTER = [
    datetime.timedelta(seconds=seconds)
    for seconds in (10, 60, 300, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
]

NOTE = """
INSERT INTO pushes_statusreport (webhook_id, push_id, state, attempts, problem, due_at)
SELECT webhook.id, push.id, push.state, 0, '', now()
FROM pushes_push push
JOIN pushes_statuswebhook webhook ON webhook.client_id = push.caller_id
WHERE push.id = ANY(%s) AND push.state NOT IN ('pending', 'sending')
ON CONFLICT DO NOTHING
"""


def note(push_ids: Sequence[int]) -> None:
    """Have the callers told the state these pushes are in; in the transaction that changed it."""
    if push_ids:
        with connection.cursor() as cursor:
            cursor.execute(NOTE, [list(push_ids)])


def report_due() -> int:
    """Post what is due; how many attempts were made."""
    attempts = 0
    waiting = StatusReport.objects.select_related("webhook", "push", "push__account")
    while reports := due.claim(waiting, lease=LEASE, limit=AT_ONCE):
        prepared = [(each.webhook.url, body_of(each), each.webhook.secret) for each in reports]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            outcomes = list(pool.map(_attempt, prepared))
        for report, (status, problem) in zip(reports, outcomes, strict=True):
            _settle(report, status, problem)
        attempts += len(reports)
    return attempts


def is_due() -> bool:
    return StatusReport.objects.filter(due_at__lte=timezone.now()).exists()


def body_of(report: StatusReport) -> bytes:
    """The JSON a receiver gets; ``id`` is the same in every attempt."""
    said = {"id": report.pk, "push": {**described(report.push), "state": report.state}}
    return json.dumps(said, ensure_ascii=False).encode()


def described(push: Push) -> dict[str, object]:
    """A push as business systems see it."""
    return {
        "id": push.pk,
        "account": push.account.slug,
        "to": push.openid,
        "kind": push.kind,
        "template": push.template,
        "reference": push.content.get("reference", ""),
        "state": push.state,
        "reason": push.reason,
        "errcode": push.errcode,
        "created_at": push.created_at.isoformat(),
        "sent_at": push.sent_at.isoformat() if push.sent_at else None,
    }


def _attempt(prepared: tuple[str, bytes, str]) -> tuple[int | None, str]:
    """Runs in a thread of its own: no database here."""
    try:
        return webhooks.post(*prepared).status, ""
    except webhooks.NoAnswer as error:
        return None, str(error)[:300]


def _settle(report: StatusReport, status: int | None, problem: str) -> None:
    done = status is not None and 200 <= status < 300
    again = not done and report.attempts < len(RETRY_AFTER)
    report.due_at = timezone.now() + RETRY_AFTER[report.attempts] if again else None
    report.status, report.problem = status, problem
    report.attempts += 1
    report.save(update_fields=["due_at", "status", "problem", "attempts"])
