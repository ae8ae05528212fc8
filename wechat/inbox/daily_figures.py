"""What arrived, by day: who came and went, what people wrote, what nobody answered."""

import datetime
from collections import defaultdict
from collections.abc import Mapping
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from accounts.staff.daily_figures import SOURCES, Figure, Source
from accounts.staff.rights import Area
from wechat.console.periods import DAY, midnight
from wechat.console.reports import Measure
from wechat.inbox.models import InboundMessage

NOT_WRITTEN = ("event", InboundMessage.MALFORMED)


def by_day(
    account: OfficialAccount, first: datetime.date, last: datetime.date
) -> Mapping[str, Mapping[datetime.date, int]]:
    found: dict[str, dict[datetime.date, int]] = defaultdict(lambda: defaultdict(int))
    rows = InboundMessage.objects.filter(
        account=account, received_at__gte=midnight(first), received_at__lt=midnight(last + DAY)
    )
    counted = (
        rows.annotate(day=TruncDate("received_at"))
        .values_list("day", "kind", "event")
        .annotate(number=Count("*"), lacking=Count("pk", filter=Q(kind="text", answered_by="")))
        .order_by()
    )
    for day, kind, event, number, lacking in counted:
        found["unanswered"][day] += lacking
        if kind not in NOT_WRITTEN:
            found["messages"][day] += number
        elif event in CAME_AND_WENT:
            found[CAME_AND_WENT[event]][day] += number
    return found


CAME_AND_WENT = {"subscribe": "follows", "unsubscribe": "leaves"}


def _log(first: datetime.date, last: datetime.date, **filters: str) -> str:
    days = {"since": f"{first}T00:00", "until": f"{last + DAY}T00:00"}
    return f"{reverse('admin:inbox_inboundmessage_changelist')}?{urlencode({**days, **filters})}"


def _followers(first: datetime.date, last: datetime.date) -> str:
    return f"{reverse('admin:followers_follower_changelist')}?since={first}&until={last}"


def _gone(first: datetime.date, last: datetime.date) -> str:
    return f"{reverse('admin:followers_follower_changelist')}?follows=no"


SOURCES.add(
    "inbox",
    Source(
        (
            Figure("follows", Measure(_("New followers")), Area.FOLLOWERS, _followers),
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
