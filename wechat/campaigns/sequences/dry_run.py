"""The dry run of a sequence for a follower: each step, its time, and what delays or prevents it.

Nothing is sent and nothing is written. Conditions are evaluated as of today; in a real run, what the follower
does until then counts as well.
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
class CheckedCondition:
    """A condition in words, and whether it is met now."""

    words: str
    is_met: bool


@dataclass(slots=True)
class DryRunStep:
    """One step of a dry run. ``why`` lists what delays or prevents it."""

    step: SequenceStep
    number: int
    at: datetime.datetime
    outcome: str
    goes: bool = True
    why: list[str] = field(default_factory=list)
    conditions: list[CheckedCondition] = field(default_factory=list)


def simulate(sequence: Sequence, openid: str, now: datetime.datetime) -> list[DryRunStep]:
    """Returns the steps of a follower who would enter the sequence at ``now``."""
    follower = Follower.objects.filter(account=sequence.account_id, openid=openid).first()
    steps = running.steps_of(sequence.pk)
    numbers = {step.pk: number for number, step in enumerate(steps, start=1)}
    left = _Allowed(windows.left(sequence.account, openid, now))
    done: dict[int, str] = {}
    way, since = [], now
    while (step := paths.following(steps, done)) is not None:
        due = timing.due(step, since)
        since = timing.allowed(sequence, step, due)
        simulated = DryRunStep(step, numbers[step.pk], since, "")
        if since > due:
            simulated.why.append(_("It falls into the quiet time and waits for its end."))
        if step.type == Type.MESSAGE and running.is_capped(sequence, openid, since):
            simulated.goes, simulated.outcome = False, _("is left out")
            simulated.why.append(str(StepRun.Skipped.RECENTLY.label))
            done[step.pk] = ""
        else:
            done[step.pk] = _simulate_step(simulated, follower, left)
        way.append(simulated)
        if step.type == Type.END:
            break
    return way


def _simulate_step(simulated: DryRunStep, follower: Follower | None, left: "_Allowed") -> str:
    """Fills in the outcome of a step; returns the lane taken at a branch, otherwise the empty text."""
    step, lane = simulated.step, ""
    match Type(step.type):
        case Type.MESSAGE:
            _simulate_message(simulated, left)
        case Type.BRANCH:
            lane, _skipped = running.lane_of(step, follower)
            simulated.outcome = _("takes “%(lane)s”") % {"lane": Lane(lane).label}
            simulated.conditions = list(_checked_conditions(step, follower))
        case Type.TAG | Type.UNTAG:
            simulated.outcome = str(step)
            if step.tag is None:
                simulated.goes = False
                simulated.why.append(_("The tag was deleted."))
        case Type.WAIT:
            simulated.outcome = _("goes on")
        case Type.END:
            simulated.outcome = _("ends here")
    return lane


def _simulate_message(simulated: DryRunStep, left: "_Allowed") -> None:
    if left.take(simulated.at):
        simulated.outcome = _("goes out as a customer-service message")
        return
    simulated.why.append(_("No customer-service message is allowed then, as far as it is known now."))
    if simulated.step.has_template:
        simulated.outcome = _("goes out from the template")
        return
    simulated.goes, simulated.outcome = False, _("is left out")
    if simulated.step.template is None:
        simulated.why.append(_("There is no template instead."))
    else:
        simulated.why.append(_("The values of the template are not filled in."))


def _checked_conditions(step: SequenceStep, follower: Follower | None) -> Iterator[CheckedCondition]:
    """Yields each condition of a branch by itself with whether it is met, to show which of them decides."""
    account = step.sequence.account
    for row, words in zip(step.conditions, segments.in_words(account, step.conditions), strict=True):
        yield CheckedCondition(words, _is_met(step, row, follower))


def _is_met(step: SequenceStep, row: segments.Condition, follower: Follower | None) -> bool:
    try:
        query = segments.query(step.sequence.account, [row])
    except segments.UnknownCondition:
        return False
    return follower is not None and Follower.objects.filter(query, pk=follower.pk).exists()


class _Allowed:
    """The customer-service messages that may still be sent, taken one after the other."""

    def __init__(self, allowance: windows.Allowance) -> None:
        # The numbers of messages by the time until which they may be sent, the nearest first.
        self.parts = {part.until: part.number for part in allowance.parts}

    def take(self, at: datetime.datetime) -> bool:
        until = next((until for until, number in self.parts.items() if number and until > at), None)
        if until is None:
            return False
        self.parts[until] -= 1
        return True
