"""The figures of sequences: the followers in them, and the outcomes of each step."""

from collections.abc import Iterable
from collections.abc import Sequence as Rows
from dataclasses import dataclass, field

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from wechat.campaigns.models import Enrolment, Sequence, SequenceStep, StepRun
from wechat.pushes.models import Push

PushState = Push.State
OPEN = (Enrolment.State.RUNNING, Enrolment.State.PAUSED)

# The outcomes of a step, by the name in the address of the list of followers.
OUTCOMES: dict[str, StrOrPromise] = {
    "here": _("waits here"),
    "passed": _("came past"),
    "sent": _("went out"),
    "tapped": _("tapped the link"),
    "sending": _("still waiting"),
    "skipped": _("not sent"),
    "failed": _("failed or uncertain"),
    "yes": _("Yes"),
    "no": _("No"),
}
STATES = {
    "sent": (PushState.SENT, PushState.DELIVERED),
    "sending": (PushState.PENDING, PushState.SENDING),
    "skipped": (PushState.SKIPPED,),
    "failed": (PushState.FAILED, PushState.UNCERTAIN),
}
OUTCOME_OF = {state: outcome for outcome, states in STATES.items() for state in states}


@dataclass(slots=True)
class StepTally:
    """The numbers of followers at one step, by ``OUTCOMES``."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, outcome: str, number: int) -> None:
        self.counts[outcome] = self.counts.get(outcome, 0) + number

    def __getitem__(self, outcome: str) -> int:
        return self.counts.get(outcome, 0)


@dataclass(slots=True)
class EnrolmentCount:
    running: int = 0
    paused: int = 0
    finished: int = 0
    stopped: int = 0
    reasons: dict[str, int] = field(default_factory=dict)


def steps(shown: Iterable[SequenceStep]) -> dict[int, StepTally]:
    """Returns by step id how many followers wait there, and the outcomes for the others."""
    tallies = {step.pk: StepTally() for step in shown}
    waiting = Enrolment.objects.filter(step__in=tallies, state__in=OPEN).order_by()
    for pk, number in waiting.values_list("step").annotate(Count("pk")):
        tallies[pk].add("here", number)
    runs = StepRun.objects.filter(step__in=tallies).order_by()
    of_step = runs.values_list("step", "step__type", "lane", "skipped", "push__state")
    counted = of_step.annotate(Count("pk"), Count("tapped_at"))
    for pk, kind, lane, skipped, state, number, tapped in counted:
        tallies[pk].add("passed", number)
        tallies[pk].add("tapped", tapped)
        if outcome := _outcome(kind, lane, skipped, state):
            tallies[pk].add(outcome, number)
    return tallies


def _outcome(kind: str, lane: str, skipped: str, state: str | None) -> str:
    if lane:
        return lane
    if skipped:
        return "skipped"
    if kind != SequenceStep.Type.MESSAGE:
        return ""
    # A push that retention has deleted had been sent.
    return OUTCOME_OF[PushState(state)] if state else "sent"


def waiting_at(step: SequenceStep) -> QuerySet[Enrolment]:
    """Returns the enrolments that wait for a step."""
    return Enrolment.objects.filter(step=step, state__in=OPEN)


def runs_of(step: SequenceStep, outcome: str) -> QuerySet[StepRun]:
    """Returns the runs of a step that had that outcome."""
    runs = StepRun.objects.filter(step=step)
    match outcome:
        case "passed":
            return runs
        case "tapped":
            return runs.filter(tapped_at__isnull=False)
        case "yes" | "no":
            return runs.filter(lane=outcome)
        case "skipped":
            return runs.filter(lane="").filter(~Q(skipped="") | Q(push__state=PushState.SKIPPED))
        case "sent":
            went = Q(push__isnull=True) | Q(push__state__in=STATES["sent"])
            return runs.filter(went, skipped="", lane="")
    return runs.filter(push__state__in=STATES[outcome])


def people(sequences: Rows[Sequence]) -> dict[int, EnrolmentCount]:
    """Returns by sequence id how many followers are in it, finished it or were stopped, with the reasons."""
    found = {sequence.pk: EnrolmentCount() for sequence in sequences}
    rows = Enrolment.objects.filter(sequence__in=found).order_by()
    for pk, state, reason, number in rows.values_list("sequence", "state", "reason").annotate(Count("pk")):
        counted = found[pk]
        setattr(counted, state, getattr(counted, state) + number)
        if reason:
            counted.reasons[str(Enrolment.Reason(reason).label)] = number
    return found
