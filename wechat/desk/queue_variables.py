"""The variables for followers handed to the desk: their place in the queue, the waiting time, the hours.

Every value is computed when the answer is given. An unknown value is empty, and the text uses its fallback.
"""

import datetime
import statistics
from functools import wraps

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.official.models import OfficialAccount
from wechat.contents.variables import VARIABLES, LookUp, Variable
from wechat.desk import boxes, service_hours
from wechat.desk.models import ReplyTime, Thread
from wechat.sdk.beijing import BEIJING

# The waiting time is estimated from the last ``RECENT`` replies of ``RECENT_DAYS``, at least ``FEWEST``.
RECENT = 50
RECENT_DAYS = datetime.timedelta(days=30)
FEWEST = 3
MOST_COUNTED = 999

MINUTE, HOUR = datetime.timedelta(minutes=1), datetime.timedelta(hours=1)


def _for_followers(look_up: LookUp) -> LookUp:
    """Returns the look-up with its text in the language of the accounts, whatever the active language."""

    @wraps(look_up)
    def looked_up(account: OfficialAccount, openid: str, at: datetime.datetime) -> str:
        with translation.override(settings.LANGUAGE_CODE):
            return look_up(account, openid, at)

    return looked_up


@_for_followers
def ahead(account: OfficialAccount, openid: str, at: datetime.datetime) -> str:
    """Returns the number of other followers who have waited for longer."""
    threads = Thread.objects.filter(account=account)
    own = threads.filter(openid=openid).values_list("waiting_since", flat=True).first()
    others = boxes.waiting_rows(threads).exclude(openid=openid)
    return str(others.filter(waiting_since__lt=own or at)[:MOST_COUNTED].count())


@_for_followers
def wait(account: OfficialAccount, openid: str, at: datetime.datetime) -> str:
    """Returns the median waiting time of recent replies in words; empty if there were too few."""
    replies = ReplyTime.objects.filter(account=account, at__gte=at - RECENT_DAYS).order_by("-at")[:RECENT]
    begun = ((each.at - each.waited, each.waited.total_seconds()) for each in replies)
    seconds = [waited for since, waited in begun if service_hours.is_open(account, since)]
    middle = statistics.median(seconds) if len(seconds) >= FEWEST else None
    return "" if middle is None else _roughly(datetime.timedelta(seconds=middle))


@_for_followers
def opens(account: OfficialAccount, openid: str, at: datetime.datetime) -> str:
    """Returns when people answer again, in words; empty during the service hours."""
    moment = service_hours.next_opening(account, at)
    return _day(moment, at) if moment else ""


@_for_followers
def hours(account: OfficialAccount, openid: str, at: datetime.datetime) -> str:
    return service_hours.in_words(account)


def _roughly(waited: datetime.timedelta) -> str:
    if waited < MINUTE:
        return _("less than a minute")
    if waited < HOUR:
        minutes = round(waited / MINUTE)
        return ngettext("about %d minute", "about %d minutes", minutes) % minutes
    count = round(waited / HOUR)
    return ngettext("about %d hour", "about %d hours", count) % count


def _day(moment: datetime.datetime, at: datetime.datetime) -> str:
    local = moment.astimezone(BEIJING)
    days, clock = (local.date() - at.astimezone(BEIJING).date()).days, f"{local:%H:%M}"
    if days <= 1:
        return (_("tomorrow %s") if days else _("today %s")) % clock
    params = {"month": local.month, "day": local.day, "clock": clock}
    return _("%(month)d-%(day)d %(clock)s") % params


VARIABLES.add(
    "ahead", Variable(gettext_lazy("people who wait before them"), "999", gettext_lazy("some"), ahead)
)
VARIABLES.add(
    "wait", Variable(gettext_lazy("time to wait"), "约 60 分钟", gettext_lazy("a few minutes"), wait)
)
VARIABLES.add("hours", Variable(gettext_lazy("service hours"), "周" * 30, "", hours))
VARIABLES.add(
    "opens", Variable(gettext_lazy("next service time"), "12月31日 09:00", gettext_lazy("soon"), opens)
)
