"""The due time of a step: a delay, then a time or day, outside quiet time."""

import datetime

from wechat.campaigns.models import Sequence, SequenceStep
from wechat.kernel import hours
from wechat.sdk.beijing import BEIJING

Day = SequenceStep.Day
A_DAY = datetime.timedelta(days=1)
# Numbers of the days of a week, Monday is 1.
DAYS = {Day.ANY: "1234567", Day.WORKDAYS: "12345", Day.WEEKEND: "67"}


def due(step: SequenceStep, since: datetime.datetime) -> datetime.datetime:
    """Returns when the step is due, if the one before it was done then; quiet time is not looked at."""
    at = since + delay(step)
    if step.at_time is not None and at.astimezone(BEIJING).time() != step.at_time:
        at = hours.next_time(step.at_time, at)
    wanted = DAYS.get(Day(step.day), step.day)
    while str(at.astimezone(BEIJING).isoweekday()) not in wanted:
        at += A_DAY
    return at


def delay(step: SequenceStep) -> datetime.timedelta:
    return datetime.timedelta(minutes=step.wait * step.unit)


def after_quiet(sequence: Sequence, at: datetime.datetime) -> datetime.datetime:
    """Returns that time, or the end of the quiet time it falls into. The quiet time may go past midnight."""
    return hours.end_of(sequence.quiet_from, sequence.quiet_until, at) or at


def allowed(sequence: Sequence, step: SequenceStep, at: datetime.datetime) -> datetime.datetime:
    """Returns when, from then on, the step may be done first; only a message minds the quiet time."""
    return after_quiet(sequence, at) if step.type == SequenceStep.Type.MESSAGE else at
