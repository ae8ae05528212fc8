"""The facts about a follower that rules depend on, as they were before the message."""

import datetime
import logging
from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import OperationalError
from django.db.models import Q

from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from wechat.contents import variables
from wechat.contents.scripts import ReplyPlan, Script
from wechat.contents.variables import Values
from wechat.inbox.routing import InboundEvent
from wechat.replies.specs import FollowerFacts
from wechat.sdk.beijing import BEIJING
from wechat.sdk.messages import Message, Subscribe

log = logging.getLogger(__name__)


def moment_of(message: Message) -> datetime.datetime:
    """Returns when the message was sent, so that repeated deliveries of it fall into the same window."""
    return datetime.datetime.fromtimestamp(message.create_time, tz=BEIJING)


def facts_of(account: OfficialAccount, message: Message) -> FollowerFacts:
    """Returns the facts about the sender of a message.

    An unknown sender has a stranger's facts, as everybody has while Postgres cannot be reached.
    """
    try:
        row = followers_of(account, [message.openid]).get(message.openid)
    except OperationalError as error:
        log.warning("follower_unreachable", extra={"error": str(error)})
        row = None
    return facts_from(row, message)


def followers_of(account: OfficialAccount, openids: Iterable[str]) -> dict[str, Follower]:
    """Returns the followers with these openids, by openid, each annotated with ``tag_ids``."""
    rows = Follower.objects.filter(account=account, openid__in=openids)
    tagged = rows.annotate(tag_ids=ArrayAgg("tags", filter=Q(tags__isnull=False), default=[]))
    return {row.openid: row for row in tagged}


def facts_from(row: Any, message: Message) -> FollowerFacts:
    """Returns the facts from a row of ``followers_of``, or those of a stranger if ``row`` is ``None``."""
    moment = moment_of(message)
    followed_now = moment if isinstance(message, Subscribe) else None
    if row is None:
        return FollowerFacts(followed_at=followed_now)
    earlier = (row.first_subscribed_at, row.subscribed_at, row.unsubscribed_at)
    return FollowerFacts(
        # The worker may have recorded this very message already.
        followed_before=any(when is not None and when < moment for when in earlier),
        followed_at=followed_now or row.subscribed_at,
        tags=frozenset(row.tag_ids),
        remark=row.remark,
    )


def perform(script: Script, event: InboundEvent, facts: FollowerFacts | None = None) -> ReplyPlan:
    """Returns the script's reply to the sender of the event.

    Facts about the sender are looked up if they are not given and the script needs them.
    """

    script_now = script.at(event.account, moment_of(event.message))

    def values() -> Values:
        known = facts
        if script_now.is_personal:
            event.needs_rows()
            known = known or facts_of(event.account, event.message)
        return values_of(event.account, event.message, known or FollowerFacts(), script_now.variables)

    return script_now.perform(event.message.key, values)


def values_of(
    account: OfficialAccount, message: Message, facts: FollowerFacts, names: Iterable[str]
) -> Values:
    """Returns the values of the variables for the sender of the message at the time it was sent.

    Variables that need a query are looked up only if they are among ``names``.
    """
    moment = moment_of(message)
    more = variables.looked_up(names, account, message.openid, moment)
    return variables.at_moment(account, message.openid, facts.remark, moment, more)
