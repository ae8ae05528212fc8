"""Hours of the day in Beijing, beginning included and end not; with an earlier end they go past midnight."""

import datetime

from wechat.sdk.beijing import BEIJING


def contain(begin: datetime.time, end: datetime.time, clock: datetime.time) -> bool:
    """Returns whether the time of day is within them; without a length they are the whole day."""
    return begin <= clock < end if begin < end else clock >= begin or clock < end


def end_of(
    begin: datetime.time | None, end: datetime.time | None, at: datetime.datetime
) -> datetime.datetime | None:
    """Returns when the hours end that the moment is in; ``None`` outside of them, or if there are none."""
    if begin is None or end is None or not contain(begin, end, at.astimezone(BEIJING).time()):
        return None
    return next_time(end, at)


def next_time(clock: datetime.time, after: datetime.datetime) -> datetime.datetime:
    """Returns the first moment after ``after`` at which clocks in Beijing show ``clock``."""
    local = after.astimezone(BEIJING)
    found = datetime.datetime.combine(local.date(), clock, tzinfo=BEIJING)
    return found if found > local else found + datetime.timedelta(days=1)
