"""The platform's statistics of a period, from the days that were read."""

import datetime
from collections.abc import Sequence
from typing import NamedTuple

from accounts.official.models import OfficialAccount
from wechat.console.periods import Period
from wechat.sdk.calls.datacube import Dataset, Row
from wechat.statistics.models import PlatformDay

Days = dict[datetime.date, Sequence[Row]]


class StoredDays(NamedTuple):
    """The rows by day, of the period and of the one before; days that were not read are missing."""

    days: Days
    before: Days


def of(account: OfficialAccount, period: Period, *datasets: Dataset) -> dict[Dataset, StoredDays]:
    """Returns what was read of each dataset, with one query for all."""
    names = {each.name: each for each in datasets}
    found = {each: StoredDays({}, {}) for each in datasets}
    rows = PlatformDay.objects.filter(
        account=account,
        dataset__in=names,
        day__range=(period.before.first, period.last),
        read_at__isnull=False,
    )
    for dataset, day, payload in rows.values_list("dataset", "day", "rows"):
        stored = found[names[dataset]]
        days = stored.days if day >= period.first else stored.before
        days[day] = payload
    return found
