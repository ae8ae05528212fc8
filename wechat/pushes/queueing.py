"""The requests of other apps to send messages."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.official.models import OfficialAccount
from wechat.inbox.models import InboundMessage
from wechat.kernel import tracing, work
from wechat.pushes.models import Push
from wechat.sdk import template_messages
from wechat.sdk.content import Content, to_dict
from wechat.sdk.template_messages import TemplateMessage

Kind = Push.Kind

# What the rows of ``queue_many`` consist of.
COLUMNS = ("openid", "content", "key", "due_at")
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
    at: datetime.datetime | None = None,
) -> Push:
    """Has a worker send the content once; asking again with the same ``key`` gives the first push.

    ``key`` is unique within the account, as ``later:812:0``; ``cause`` names what asks, as ``rule:12``. If
    the follower's actions allow no message when its turn comes, ``at`` that time or now, the push is skipped
    with the reason.
    """
    return _queued(
        account, key, {"openid": openid, "content": to_dict(content), "cause": cause, "inbound": inbound}, at
    )


def queue_template(
    *,
    account: OfficialAccount,
    openid: str,
    message: TemplateMessage,
    key: str,
    kind: Push.Kind = Kind.TEMPLATE,
    cause: str = "",
    at: datetime.datetime | None = None,
) -> Push:
    """Has a worker send a message made from a template once, in the way of that ``kind``; see ``queue``."""
    content = template_messages.to_dict(message)
    fields = {"kind": kind, "template": message.template_id, "content": content}
    return _queued(account, key, {"openid": openid, "cause": cause, **fields}, at)


def queue_many(
    *,
    account: OfficialAccount,
    kind: Push.Kind,
    template: str = "",
    cause: str,
    variant: str = "",
    chosen: str,
    parameters: Sequence[Any] = (),
) -> dict[str, int]:
    """Queues a campaign's messages in one statement; returns the ids of the new pushes by their keys.

    ``chosen`` is SQL that gives the ``COLUMNS`` in that order: the openid as text; the content as jsonb, in
    the form that ``Push`` describes; the key as text, unique within the account; and when it may go. A
    campaign's own speed is in those times: ``start + row_number() * interval '1 second' / speed``. The rows
    of a key that exists already are left out. Messages that somebody waits for go before these.
    """
    with connection.cursor() as cursor:
        given = [account.pk, kind, template, cause, variant, tracing.current(), *parameters]
        cursor.execute(QUEUE_MANY.format(chosen=chosen), given)
        made: dict[str, int] = dict(cursor.fetchall())
    if made:
        work.wake("pushes.send_bulk")
    return made


def _queued(
    account: OfficialAccount, key: str, fields: Mapping[str, Any], at: datetime.datetime | None
) -> Push:
    push, made = Push.objects.get_or_create(
        account=account, key=key, defaults={**fields, "due_at": at or timezone.now()}
    )
    if made:
        work.wake("pushes.send")
    return push
