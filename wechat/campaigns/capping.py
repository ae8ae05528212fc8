"""The limit on unasked messages, so that nobody gets too many."""

import datetime
from typing import Any

from django.db.models import Q, QuerySet

from accounts.official.models import OfficialAccount
from wechat.campaigns.mass import allowance
from wechat.kernel import timeline
from wechat.pushes.models import Push
from wechat.pushes.states import WENT

# A message is sent that long after it was asked for, at the most that matters.
LONGEST_WAIT = datetime.timedelta(days=2)


def reached_since(
    account: OfficialAccount, since: datetime.datetime, *, but_by: str
) -> list[QuerySet[Any, str]]:
    """Returns queries for the OpenIDs of those who were truly sent something, other than by that cause."""
    return [_pushed_since(account, since, but_by), *allowance.sent_since(account, since)]


def was_reached(account: OfficialAccount, openid: str, since: datetime.datetime, *, but_by: str) -> bool:
    """Returns whether somebody was truly sent something since then, other than by that cause."""
    return any(each.filter(openid=openid).exists() for each in reached_since(account, since, but_by=but_by))


def _pushed_since(account: OfficialAccount, since: datetime.datetime, but_by: str) -> "QuerySet[Push, str]":
    """Returns the OpenIDs of those whom a push reached; answers in a conversation do not count."""
    pushes = timeline.between(Push.objects.all(), "created_at", since - LONGEST_WAIT, None)
    sent = pushes.filter(account=account, state__in=WENT, sent_at__gte=since)
    unasked = Q(bulk=True) | ~Q(kind=Push.Kind.SERVICE) | Q(cause="api") | Q(cause__startswith="sequence:")
    return sent.filter(unasked).exclude(cause=but_by).order_by().values_list("openid", flat=True).distinct()
