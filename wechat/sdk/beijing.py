"""The time zone of the platform: its days, its quotas and its bills."""

import datetime
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")


def midnight(day: datetime.date) -> datetime.datetime:
    """Returns the moment at which the day begins."""
    return datetime.datetime.combine(day, datetime.time(), tzinfo=BEIJING)
