"""The frequency cap: followers who were recently sent something that they had not asked for."""

import datetime
from typing import Any

from django.db.models import Q, QuerySet

from accounts.official.models import OfficialAccount
from wechat.campaigns.mass import allowance
from wechat.kernel import rows_by_time
from wechat.pushes.models import Push
from wechat.pushes.states import SENT_STATES

# Pushes are found by when they were created; those sent later than this after it are not considered.
LONGEST_WAIT = datetime.timedelta(days=2)


def reached_since(
    account: OfficialAccount, since: datetime.datetime, *, exclude: str
) -> list[QuerySet[Any, str]]:
    """Returns queries for the OpenIDs sent something since then by any other cause than ``exclude``."""
    return [_pushed_since(account, since, exclude), *allowance.sent_since(account, since)]


def was_reached(account: OfficialAccount, openid: str, since: datetime.datetime, *, exclude: str) -> bool:
    """Returns whether a follower was sent something since then by any cause other than ``exclude``."""
    return any(each.filter(openid=openid).exists() for each in reached_since(account, since, exclude=exclude))


def _pushed_since(account: OfficialAccount, since: datetime.datetime, exclude: str) -> "QuerySet[Push, str]":
    """Returns the OpenIDs that a push was sent to since then; answers in a conversation do not count."""
    pushes = rows_by_time.between(Push.objects.all(), "created_at", since - LONGEST_WAIT, None)
    sent = pushes.filter(account=account, state__in=SENT_STATES, sent_at__gte=since)
    unasked = Q(bulk=True) | ~Q(kind=Push.Kind.SERVICE) | Q(cause="api") | Q(cause__startswith="sequence:")
    return sent.filter(unasked).exclude(cause=exclude).order_by().values_list("openid", flat=True).distinct()
