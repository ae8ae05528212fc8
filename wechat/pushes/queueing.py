"""The functions with which other apps queue messages."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.official.models import OfficialAccount
from wechat.inbox.models import InboundMessage
from wechat.kernel import tracing, work
from wechat.pushes.models import Push
from wechat.sdk import template_messages
from wechat.sdk.content import Content
from wechat.sdk.stored_content import to_dict
from wechat.sdk.template_messages import TemplateMessage

Kind = Push.Kind

QUEUE_MANY = """
INSERT INTO pushes_push
    (account_id, kind, template, cause, variant, trace, bulk, openid, content, key, due_at,
     state, reason, attempts, error, created_at)
SELECT %s, %s, %s, %s, %s, %s, true, chosen.openid, chosen.content, chosen.key, chosen.due_at,
     'pending', '', 0, '', now()
FROM ({chosen}) AS chosen(openid, content, key, due_at)
ON CONFLICT DO NOTHING
RETURNING key, id
"""


def queue(
    *,
    account: OfficialAccount,
    openid: str,
    content: Content,
    key: str,
    cause: str = "",
    inbound: InboundMessage | None = None,
) -> Push:
    """Queues a content to be sent once, now; with the same ``key`` again, it returns the first push.

    ``key`` is unique within the account, such as ``later:812:0``; ``cause`` names what asks, such as
    ``rule:12``. If no send window is open, the push is skipped with a reason.
    """
    return _queued(account, key, openid=openid, cause=cause, content=to_dict(content), inbound=inbound)


def queue_template(
    *,
    account: OfficialAccount,
    openid: str,
    message: TemplateMessage,
    key: str,
    kind: Push.Kind = Kind.TEMPLATE,
    cause: str = "",
    event: str = "",
) -> Push:
    """Queues a message made from a template to be sent once, as a message of that ``kind``; see ``queue``.

    ``event`` is kept beside the message, to recognise the event that it tells of.
    """
    content = template_messages.to_dict(message) | ({"event": event} if event else {})
    fields = {"kind": kind, "template": message.template_id, "content": content}
    return _queued(account, key, openid=openid, cause=cause, **fields)


def queue_many(
    *,
    account: OfficialAccount,
    kind: Push.Kind,
    template: str = "",
    cause: str,
    variant: str = "",
    chosen: str,
    parameters: Sequence[Any],
) -> dict[str, int]:
    """Queues a campaign's messages in one statement; returns the ids of the new pushes by their keys.

    ``chosen`` is SQL that returns, in this order: the openid as text; the content as jsonb, in the form that
    ``Push`` describes; the key as text, unique within the account; and the due time. A campaign's own speed
    is in the due times: ``start + row_number() * interval '1 second' / speed``. Rows whose key exists already
    are left out. Messages that somebody waits for are sent before these.
    """
    with connection.cursor() as cursor:
        given = [account.pk, kind, template, cause, variant, tracing.current(), *parameters]
        cursor.execute(QUEUE_MANY.format(chosen=chosen), given)
        made: dict[str, int] = dict(cursor.fetchall())
    if made:
        work.wake("pushes.send_bulk")
    return made


def _queued(account: OfficialAccount, key: str, **fields: Any) -> Push:
    push, made = Push.objects.get_or_create(
        account=account, key=key, defaults={**fields, "due_at": timezone.now()}
    )
    if made:
        work.wake("pushes.send")
    return push
