"""The daily figures of arrivals: new and lost followers, messages, and unanswered messages."""

import datetime
from collections.abc import Mapping
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from accounts.staff.daily_figures import SOURCES, Figure, FigureSource
from accounts.staff.rights import Area
from wechat.console.periods import DAY
from wechat.console.reports import Measure
from wechat.inbox import counts


def by_day(
    account: OfficialAccount, first: datetime.date, last: datetime.date
) -> Mapping[str, Mapping[datetime.date, int]]:
    days = counts.by_day(account, first, last)
    wrote = {day: counts.what_people_wrote(kinds) for day, kinds in days.items()}
    return {
        "messages": {day: counted.count for day, counted in wrote.items()},
        "unanswered": {day: counted.unanswered for day, counted in wrote.items()},
        "follows": {day: _events(kinds, "subscribe") for day, kinds in days.items()},
        "leaves": {day: _events(kinds, "unsubscribe") for day, kinds in days.items()},
    }


def _events(kinds: counts.Kinds, event: str) -> int:
    return kinds.get((counts.EVENT, event), counts.MessageTally()).count


def _log(first: datetime.date, last: datetime.date, **filters: str) -> str:
    days = {"since": f"{first}T00:00", "until": f"{last + DAY}T00:00"}
    return f"{reverse('admin:inbox_inboundmessage_changelist')}?{urlencode({**days, **filters})}"


def _followers(first: datetime.date, last: datetime.date) -> str:
    return f"{reverse('admin:followers_follower_changelist')}?since={first}&until={last}"


def _gone(first: datetime.date, last: datetime.date) -> str:
    return f"{_followers(first, last)}&follows=no"


SOURCES.add(
    "inbox",
    FigureSource(
        (
            Figure("follows", Measure(_("Newly following")), Area.FOLLOWERS, _followers),
            Figure("leaves", Measure(_("Unfollowed"), is_bad=True), Area.FOLLOWERS, _gone),
            Figure("messages", Measure(_("Messages from followers")), Area.MESSAGES, _log),
            Figure(
                "unanswered",
                Measure(_("Texts no rule answered"), is_bad=True),
                Area.MESSAGES,
                lambda first, last: _log(first, last, answer="unanswered"),
            ),
        ),
        by_day,
    ),
)
