"""The hours of a day in Beijing, without their end; with an end before the start they go past midnight."""

import datetime

from wechat.sdk.beijing import BEIJING


def contain(begin: datetime.time, end: datetime.time, clock: datetime.time) -> bool:
    """Returns whether the time of day is within the hours; equal start and end mean the whole day."""
    return begin <= clock < end if begin < end else clock >= begin or clock < end


def end_of(
    begin: datetime.time | None, end: datetime.time | None, at: datetime.datetime
) -> datetime.datetime | None:
    """Returns the end of the hours that contain the moment; ``None`` outside of them, or without hours."""
    if begin is None or end is None or not contain(begin, end, at.astimezone(BEIJING).time()):
        return None
    return next_time(end, at)


def next_time(clock: datetime.time, after: datetime.datetime) -> datetime.datetime:
    """Returns the first moment after ``after`` at which clocks in Beijing show ``clock``."""
    local = after.astimezone(BEIJING)
    found = datetime.datetime.combine(local.date(), clock, tzinfo=BEIJING)
    return found if found > local else found + datetime.timedelta(days=1)
