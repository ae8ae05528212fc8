"""When work that the platform did not take is tried again. Reference: WeChat reference 4.3 and 16."""

import datetime
from collections.abc import Sequence

from django.utils import timezone

from wechat.sdk.beijing import BEIJING
from wechat.sdk.errors import ApiError, TransportError, WeChatError

MINUTE_QUOTA = 45011
DAY_QUOTA = 45009
PAUSES = [datetime.timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3600)]


def again_at(
    error: WeChatError, attempts: int, pauses: Sequence[datetime.timedelta] = PAUSES
) -> datetime.datetime | None:
    """The moment; ``None`` if trying again is of no use. ``attempts`` failed before this one."""
    now = timezone.now()
    if isinstance(error, ApiError) and error.errcode == DAY_QUOTA:
        return next_quota_day(now)
    if isinstance(error, ApiError) and error.errcode == MINUTE_QUOTA:
        return now + datetime.timedelta(minutes=1)
    may_pass = isinstance(error, TransportError) or (
        isinstance(error, ApiError) and (error.retryable or error.refresh_token)
    )
    return now + pauses[attempts] if may_pass and attempts < len(pauses) else None


def next_quota_day(now: datetime.datetime) -> datetime.datetime:
    """A little after the midnight at which the platform counts anew."""
    tomorrow = now.astimezone(BEIJING).date() + datetime.timedelta(days=1)
    return datetime.datetime.combine(tomorrow, datetime.time(0, 5), tzinfo=BEIJING)
