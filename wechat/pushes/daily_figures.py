"""The daily figures of sent messages."""

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
from wechat.pushes import counting
from wechat.pushes.models import Push


def by_day(
    account: OfficialAccount, first: datetime.date, last: datetime.date
) -> Mapping[str, Mapping[datetime.date, int]]:
    found = counting.by_day(account, first, last)
    return {
        "sends": {day: counted.sent for day, counted in found.items()},
        "deliveries": {day: counted.delivered for day, counted in found.items()},
        "failed_sends": {day: counted.failed for day, counted in found.items()},
    }


def _sent(first: datetime.date, last: datetime.date, **filters: str) -> str:
    days = {"since": f"{first}T00:00", "until": f"{last + DAY}T00:00"}
    return f"{reverse('admin:pushes_push_changelist')}?{urlencode({**days, **filters})}"


SOURCES.add(
    "pushes",
    FigureSource(
        (
            Figure("sends", Measure(_("Messages sent")), Area.MESSAGES, _sent),
            Figure(
                "deliveries",
                Measure(_("Delivered, says WeChat")),
                Area.MESSAGES,
                lambda first, last: _sent(first, last, state=Push.State.DELIVERED.value),
            ),
            Figure(
                "failed_sends",
                Measure(_("Sends failed or uncertain"), is_bad=True),
                Area.MESSAGES,
                lambda first, last: _sent(first, last, state=Push.State.FAILED.value),
            ),
        ),
        by_day,
    ),
)
