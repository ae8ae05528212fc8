"""What the rules may ask about a follower, from the row as it was before the message."""

import datetime
import logging

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import OperationalError
from django.db.models import Q

from accounts.models import Follower, OfficialAccount
from wechat.replies.specs import SHANGHAI, Facts
from wechat.replies.variables import Values
from wechat.sdk.messages import Message, Subscribe

log = logging.getLogger(__name__)


def moment_of(message: Message) -> datetime.datetime:
    """When the message was sent: every delivery of it falls into the same window."""
    return datetime.datetime.fromtimestamp(message.create_time, tz=SHANGHAI)


def facts_of(account: OfficialAccount, message: Message) -> Facts:
    """A stranger's facts for somebody unknown, and for everybody while Postgres is away."""
    try:
        row = (
            Follower.objects.filter(account=account, openid=message.openid)
            .annotate(tag_ids=ArrayAgg("tags", filter=Q(tags__isnull=False), default=[]))
            .first()
        )
    except OperationalError as error:
        log.warning("follower_unreachable", extra={"error": str(error)})
        return Facts()
    moment = moment_of(message)
    followed_at = moment if isinstance(message, Subscribe) else (row.subscribed_at if row else None)
    if row is None:
        return Facts(followed_at=followed_at)
    earlier = (row.first_subscribed_at, row.subscribed_at, row.unsubscribed_at)
    return Facts(
        # The worker may have noted this very message already.
        followed_before=any(when is not None and when < moment for when in earlier),
        followed_at=followed_at,
        tags=frozenset(row.tag_ids),
        remark=row.remark,
    )


def values_of(account: OfficialAccount, message: Message, facts: Facts) -> Values:
    moment = moment_of(message)
    return Values(message.openid, facts.remark, account.name, f"{moment:%Y-%m-%d}", f"{moment:%H:%M}")
