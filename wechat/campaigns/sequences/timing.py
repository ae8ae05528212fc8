"""The due times of steps: a delay after the step before, a time of day, a day, and the quiet time."""

import datetime

from wechat.campaigns.models import Sequence, SequenceStep
from wechat.kernel import hours
from wechat.sdk.beijing import BEIJING

Day = SequenceStep.Day
A_DAY = datetime.timedelta(days=1)
# Numbers of the days of a week, Monday is 1.
DAYS = {Day.ANY: "1234567", Day.WORKDAYS: "12345", Day.WEEKEND: "67"}


def due(step: SequenceStep, since: datetime.datetime) -> datetime.datetime:
    """Returns when the step is due if the one before it was done at ``since``; ignores the quiet time."""
    at = since + delay(step)
    if step.at_time is not None and at.astimezone(BEIJING).time() != step.at_time:
        at = hours.next_time(step.at_time, at)
    return _on_its_day(step, at)


def _on_its_day(step: SequenceStep, at: datetime.datetime) -> datetime.datetime:
    """Returns that time, or the same time of the next day that the step may be done on."""
    wanted = DAYS.get(Day(step.day), step.day)
    while str(at.astimezone(BEIJING).isoweekday()) not in wanted:
        at += A_DAY
    return at


def delay(step: SequenceStep) -> datetime.timedelta:
    return datetime.timedelta(minutes=step.wait * step.unit)


def after_quiet(sequence: Sequence, at: datetime.datetime) -> datetime.datetime:
    """Returns that time, or the end of the quiet time it falls into. The quiet time may include midnight."""
    return hours.end_of(sequence.quiet_from, sequence.quiet_until, at) or at


def outside_quiet(sequence: Sequence, step: SequenceStep, at: datetime.datetime) -> datetime.datetime:
    """Returns the earliest time from ``at`` outside of the quiet time, which only messages heed."""
    return after_quiet(sequence, at) if step.type == SequenceStep.Type.MESSAGE else at


def allowed(sequence: Sequence, step: SequenceStep, at: datetime.datetime) -> datetime.datetime:
    """Returns the earliest time from ``at`` on one of the step's days and outside of the quiet time."""
    at = _on_its_day(step, at)
    # The quiet time may end on another day.
    while (later := _on_its_day(step, outside_quiet(sequence, step, at))) != at:
        at = later
    return at
