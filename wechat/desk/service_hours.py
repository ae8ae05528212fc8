"""The service hours of the desk, cached in memory for answers that hand a follower over."""

import datetime
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from accounts.official.models import OfficialAccount
from wechat.desk.models import ServiceHours
from wechat.kernel.versioned_cache import Cached
from wechat.replies.models import Rule
from wechat.replies.specs import Window
from wechat.sdk.beijing import BEIJING

DAYS = 7


def _build() -> Mapping[int, Window]:
    return {
        row.account_id: Window(weekdays=frozenset(row.weekdays), opens=row.opens_at, closes=row.closes_at)
        for row in ServiceHours.objects.all()
    }


_windows = Cached("service_hours", _build)


def of(account: OfficialAccount) -> Window | None:
    """Returns the hours in which people answer; ``None`` for an account that has people at any time."""
    return _windows.get().get(account.pk)


def is_open(account: OfficialAccount, at: datetime.datetime) -> bool:
    window = of(account)
    return window is None or window.miss(at) is None


def next_opening(account: OfficialAccount, at: datetime.datetime) -> datetime.datetime | None:
    """Returns when people answer again, if nobody does at that moment; ``None`` if somebody does."""
    window = of(account)
    if window is None or window.opens is None or window.miss(at) is None:
        return None
    today = at.astimezone(BEIJING).date()
    mornings = (
        datetime.datetime.combine(today + datetime.timedelta(days=day), window.opens, tzinfo=BEIJING)
        for day in range(DAYS + 1)
    )
    return next((morning for morning in mornings if morning > at and window.miss(morning) is None), None)


def in_words(account: OfficialAccount) -> str:
    """Returns the hours as a follower reads them."""
    window = of(account)
    if window is None or window.opens is None or window.closes is None:
        return _("at any time")
    days = _days(sorted(window.weekdays))
    return f"{days} {window.opens:%H:%M}–{window.closes:%H:%M}"


def _days(days: Sequence[int]) -> str:
    if len(days) in (0, DAYS):
        return _("every day")
    names = [str(Rule.Weekday(day).label) for day in days]
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return _("%(first)s to %(last)s") % {"first": names[0], "last": names[-1]}
    return "、".join(names)
