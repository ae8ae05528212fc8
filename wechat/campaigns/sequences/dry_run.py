"""The dry run: what would happen, step by step, to somebody who enters a sequence now.

Nothing is sent and nothing is written. Conditions are those of today: what somebody does until then counts as
well when it is for real.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from accounts.followers import segments
from accounts.followers.models import Follower
from wechat.campaigns.models import Sequence, SequenceStep, StepRun
from wechat.campaigns.sequences import paths, running, timing
from wechat.pushes import windows

Type = SequenceStep.Type
Lane = SequenceStep.Lane


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition in words, and whether it is met now."""

    words: str
    is_met: bool


@dataclass(slots=True)
class Foreseen:
    """One step of somebody's way. ``why`` says what delays or prevents it."""

    step: SequenceStep
    number: int
    at: datetime.datetime
    outcome: str
    goes: bool = True
    why: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)


def foresee(sequence: Sequence, openid: str, now: datetime.datetime) -> list[Foreseen]:
    """Returns the way somebody would go who entered now."""
    follower = Follower.objects.filter(account=sequence.account_id, openid=openid).first()
    steps = running.steps_of(sequence.pk)
    numbers = {step.pk: number for number, step in enumerate(steps, start=1)}
    left = _Allowed(windows.left(sequence.account, openid, now))
    done: dict[int, str] = {}
    way, since = [], now
    while (step := paths.following(steps, done)) is not None:
        due = timing.due(step, since)
        since = timing.allowed(sequence, step, due)
        seen = Foreseen(step, numbers[step.pk], since, "")
        if since > due:
            seen.why.append(_("It falls into the quiet time and waits for its end."))
        if step.type == Type.MESSAGE and running.is_capped(sequence, openid, since):
            seen.goes, seen.outcome = False, _("is left out")
            seen.why.append(str(StepRun.Skipped.RECENTLY.label))
            done[step.pk] = ""
        else:
            done[step.pk] = _foresee(seen, follower, left)
        way.append(seen)
        if step.type == Type.END:
            break
    return way


def _foresee(seen: Foreseen, follower: Follower | None, left: "_Allowed") -> str:
    """Fills in what becomes of the step; returns the lane that is taken."""
    step, lane = seen.step, ""
    match Type(step.type):
        case Type.MESSAGE:
            _foresee_message(seen, left)
        case Type.BRANCH:
            lane, _skipped = running.lane_of(step, follower)
            seen.outcome = _("takes “%(lane)s”") % {"lane": Lane(lane).label}
            seen.asked = list(_asked(step, follower))
        case Type.TAG | Type.UNTAG:
            seen.outcome = str(step)
            if step.tag is None:
                seen.goes = False
                seen.why.append(_("The tag was deleted."))
        case Type.WAIT:
            seen.outcome = _("goes on")
        case Type.END:
            seen.outcome = _("ends here")
    return lane


def _foresee_message(seen: Foreseen, left: "_Allowed") -> None:
    if left.take(seen.at):
        seen.outcome = _("goes out as a customer-service message")
        return
    seen.why.append(_("No customer-service message is allowed then, as far as it is known now."))
    if seen.step.has_template:
        seen.outcome = _("goes out from the template")
        return
    seen.goes, seen.outcome = False, _("is left out")
    if seen.step.template is None:
        seen.why.append(_("There is no template instead."))
    else:
        seen.why.append(_("The values of the template are not filled in."))


def _asked(step: SequenceStep, follower: Follower | None) -> Iterator[Asked]:
    """Yields each condition by itself, and whether it is met: which of them decides."""
    account = step.sequence.account
    for row, words in zip(step.conditions, segments.in_words(account, step.conditions), strict=True):
        yield Asked(words, _is_met(step, row, follower))


def _is_met(step: SequenceStep, row: segments.Condition, follower: Follower | None) -> bool:
    try:
        asked = segments.query(step.sequence.account, [row])
    except segments.UnknownCondition:
        return False
    return follower is not None and Follower.objects.filter(asked, pk=follower.pk).exists()


class _Allowed:
    """The customer-service messages that are left, taken one after the other."""

    def __init__(self, allowance: windows.Allowance) -> None:
        # How many there are of those that end at a time, the nearest first.
        self.parts = {part.until: part.number for part in allowance.parts}

    def take(self, at: datetime.datetime) -> bool:
        until = next((until for until, number in self.parts.items() if number and until > at), None)
        if until is None:
            return False
        self.parts[until] -= 1
        return True
