"""Messages on their way to the webhooks of rules: noted with the message, posted by a worker, kept as a log.

A webhook that answers with a content as ``wechat.sdk.content`` describes it, ``{"type": "text", "content":
"…"}`` for one, has it sent to the follower as a customer-service message.
"""

import datetime
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from wechat.inbox.models import InboundMessage
from wechat.kernel import due, webhooks
from wechat.pushes.queueing import queue
from wechat.replies.models import Forward, Rule
from wechat.sdk.content import Content, from_dict, to_service_json, validate
from wechat.sdk.errors import ContentError
from wechat.sdk.text import decode

log = logging.getLogger(__name__)

LEASE = datetime.timedelta(minutes=2)
AT_ONCE = 16
# Some 23 hours in all.
RETRY_AFTER = [
    datetime.timedelta(seconds=seconds)
    for seconds in (10, 60, 300, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """Of one attempt; ``status`` is ``None`` if no answer came."""

    ms: int
    status: int | None = None
    error: str = ""
    said: Any = None

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def note(row: InboundMessage) -> bool:
    """Have the message forwarded if the rule that answered it wants that; whether that is new."""
    kind, _, rule_id = row.answered_by.partition(":")
    if kind != "rule" or not rule_id.isdecimal():
        return False
    rule = Rule.objects.filter(pk=rule_id, account=row.account_id).exclude(forward_url="").first()
    if rule is None:
        return False
    return Forward.objects.get_or_create(message=row, rule=rule, defaults={"due_at": timezone.now()})[1]


def forward_due() -> int:
    """Post what is due; how many attempts were made."""
    attempts = 0
    waiting = Forward.objects.select_related("message", "message__account", "rule")
    while forwards := due.claim(waiting, lease=LEASE, limit=AT_ONCE):
        prepared = [(each.rule.forward_url, body_of(each), each.rule.forward_secret) for each in forwards]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            outcomes = list(pool.map(_attempt, prepared))
        for forward, outcome in zip(forwards, outcomes, strict=True):
            _settle(forward, outcome)
        attempts += len(forwards)
    return attempts


def body_of(forward: Forward) -> bytes:
    """The JSON a webhook gets; the same in every attempt."""
    row, rule = forward.message, forward.rule
    described = {
        "id": forward.pk,
        "account": row.account.slug,
        "openid": row.openid,
        "kind": row.kind,
        "event": row.event,
        "text": row.text,
        "sent_at": row.sent_at.isoformat(),
        "rule": {"id": rule.pk, "name": rule.name},
        "message": asdict(row.message),
    }
    return json.dumps(described, ensure_ascii=False).encode()


def _attempt(prepared: tuple[str, bytes, str]) -> _Outcome:
    """Runs in a thread of its own: no database here."""
    started = time.monotonic()
    try:
        answered = webhooks.post(*prepared)
    except webhooks.NoAnswer as error:
        return _Outcome(_since(started), error=str(error)[:500])
    outcome = _Outcome(_since(started), answered.status, said=answered.json())
    return outcome if outcome.delivered else replace(outcome, error=decode(answered.body[:500]))


@transaction.atomic
def _settle(forward: Forward, outcome: _Outcome) -> None:
    trouble = outcome.error or (_send_answer(forward, outcome.said) if outcome.delivered else "")
    forward.log.append(
        {"at": timezone.now().isoformat(), "status": outcome.status, "ms": outcome.ms, "error": trouble}
    )
    if outcome.delivered:
        forward.state, forward.due_at = Forward.State.DELIVERED, None
    elif forward.attempts < len(RETRY_AFTER):
        forward.due_at = timezone.now() + RETRY_AFTER[forward.attempts]
    else:
        forward.state, forward.due_at = Forward.State.FAILED, None
    forward.attempts += 1
    forward.save(update_fields=["state", "due_at", "attempts", "log"])


def _send_answer(forward: Forward, said: Any) -> str:
    """Queue what the webhook wants to say; what is wrong with it, or nothing."""
    if not isinstance(said, dict) or "type" not in said:
        return ""
    row = forward.message
    try:
        content = _sendable(said, row.openid)
    except ContentError as error:
        return f"answer not sent: {error.field}: {error.message}"
    queue(
        account=row.account,
        openid=row.openid,
        content=content,
        key=f"forward:{forward.pk}",
        cause=forward.rule.answered_by,
        inbound=row,
    )
    return ""


def _sendable(said: dict[str, Any], openid: str) -> Content:
    content = from_dict(said)
    validate(content)
    to_service_json(content, openid=openid)
    return content


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
