"""The forwarding of messages to the webhooks of rules, through the outbox that all webhooks share.

If a webhook answers with a content as in ``wechat.sdk.content``, for example ``{"type": "text", "content":
"…"}``, it is sent to the follower as a customer-service message.
"""

import json
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.followers import erasures
from wechat.inbox.models import InboundMessage
from wechat.pushes.queueing import queue
from wechat.replies.models import Rule
from wechat.sdk.content import Content, to_service_json
from wechat.sdk.content_limits import validate
from wechat.sdk.errors import ContentError
from wechat.sdk.stored_content import from_dict
from wechat.webhooks import events, outbox
from wechat.webhooks.models import Delivery

EVENT = "rule.answered"

events.register(
    EVENT,
    _("A rule answered a message"),
    {
        "openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
        "kind": "text",
        "text": "订单",
        "rule": {"id": 1, "name": "订单"},
    },
)


def enqueue(row: InboundMessage) -> bool:
    """Queues a message for the webhook of the rule that answered it; returns whether it is new."""
    kind, _colon, rule_id = row.answered_by.partition(":")
    if kind != "rule" or not rule_id.isdecimal():
        return False
    rule = Rule.objects.filter(pk=rule_id, account=row.account_id).exclude(forward_url="").first()
    if rule is None:
        return False
    secret = rule.readable_secret("forward_secret")
    endpoint = outbox.endpoint_of(rule.answered_by, row.account, rule.forward_url, secret)
    return outbox.send(
        endpoint, row.account, EVENT, described(row, rule), key=f"message:{row.pk}", openid=row.openid
    )


def described(row: InboundMessage, rule: Rule) -> dict[str, Any]:
    return {
        "message_id": row.pk,
        "openid": row.openid,
        "kind": row.kind,
        "event": row.event,
        "text": row.text,
        "sent_at": row.sent_at.isoformat(),
        "rule": {"id": rule.pk, "name": rule.name},
        "message": asdict(row.message),
    }


@outbox.answered(EVENT)
def send_answer(delivery: Delivery, answer: Any) -> str:
    """Queues the answer of a webhook for the follower; returns what is wrong with it, or the empty text.

    If the follower was erased meanwhile, with the delivery, nobody is answered.
    """
    if not isinstance(answer, dict) or "type" not in answer:
        return ""
    erasures.block_erasures(delivery.account_id)
    if not Delivery.objects.filter(pk=delivery.pk).exists():
        return ""
    data = json.loads(delivery.body)["data"]
    row = InboundMessage.objects.filter(pk=data.get("message_id"), account=delivery.account_id).first()
    if row is None:
        return ""
    try:
        content = _sendable(answer, row.openid)
    except ContentError as error:
        return f"answer not sent: {error.field}: {error.message}"
    queue(
        account=delivery.account,
        openid=row.openid,
        content=content,
        key=f"forward:{delivery.pk}",
        cause=f"rule:{data['rule']['id']}",
        inbound=row,
    )
    return ""


def _sendable(answer: dict[str, Any], openid: str) -> Content:
    content = from_dict(answer)
    validate(content)
    to_service_json(content, openid=openid)
    return content
