"""A quota that is used up pauses one kind of message of an account, for all workers, until it is new.

Reference: WeChat reference 4.3 Quota management, 0.3 for the day.
"""

import datetime

from django.utils import timezone

from accounts import retrying
from accounts.models import OfficialAccount
from wechat.pushes.models import Lane, Push
from wechat.sdk.errors import ApiError

USED_UP = (retrying.DAY_QUOTA, retrying.MINUTE_QUOTA)


def until(error: ApiError) -> datetime.datetime | None:
    """When calls may go on after this refusal; ``None`` if it is about one message only."""
    now = timezone.now()
    if error.errcode == retrying.DAY_QUOTA:
        return retrying.next_quota_day(now)
    if error.errcode == retrying.MINUTE_QUOTA:
        return now.replace(second=0, microsecond=0) + datetime.timedelta(minutes=1, seconds=1)
    return None


def pause(account: OfficialAccount, kind: str, moment: datetime.datetime, errcode: int) -> None:
    Lane.objects.update_or_create(
        account=account, kind=kind, defaults={"paused_until": moment, "errcode": errcode}
    )


def go_on(account: OfficialAccount, kind: str) -> int:
    """Sends go on at once, as after the quota was raised or cleared; how many were waiting for it."""
    Lane.objects.filter(account=account, kind=kind).update(paused_until=None, errcode=None)
    waiting = Push.objects.filter(account=account, kind=kind, state=Push.State.PENDING, errcode__in=USED_UP)
    return waiting.update(due_at=timezone.now())


def paused(account: OfficialAccount) -> list[Lane]:
    return [lane for lane in Lane.objects.filter(account=account).order_by("kind") if lane.is_paused]
