"""How a sequence does: who is in it, and what became of each step."""

from collections.abc import Sequence as Rows
from dataclasses import dataclass, field

from django.db.models import Count

from wechat.campaigns.models import Enrolment, Sequence, SequenceStep, StepRun
from wechat.pushes.models import Push

PushState = Push.State


@dataclass(slots=True)
class StepLine:
    """What became of a step, in followers."""

    step: SequenceStep
    went: int = 0
    waiting: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def reached(self) -> int:
        return self.went + self.waiting + self.failed + self.skipped


@dataclass(slots=True)
class EnrolmentCount:
    running: int = 0
    paused: int = 0
    finished: int = 0
    stopped: int = 0
    reasons: dict[str, int] = field(default_factory=dict)


COLUMN = {
    PushState.SENT: "went", PushState.DELIVERED: "went", PushState.PENDING: "waiting",
    PushState.SENDING: "waiting", PushState.SKIPPED: "skipped", PushState.FAILED: "failed",
    PushState.UNCERTAIN: "failed",
}  # fmt: skip


def steps(sequence: Sequence) -> list[StepLine]:
    lines = {step.pk: StepLine(step) for step in sequence.steps.select_related("asset", "template")}
    runs = StepRun.objects.filter(step__in=lines).order_by()
    for step_id, state, number in runs.values_list("step", "push__state").annotate(Count("pk")):
        # Without a push it was skipped; one that was deleted with age had gone out.
        column = COLUMN[PushState(state)] if state else "skipped"
        setattr(lines[step_id], column, getattr(lines[step_id], column) + number)
    return list(lines.values())


def people(sequences: Rows[Sequence]) -> dict[int, EnrolmentCount]:
    """By sequence, how many are in it and how they left it."""
    found = {sequence.pk: EnrolmentCount() for sequence in sequences}
    rows = Enrolment.objects.filter(sequence__in=found).order_by()
    for pk, state, reason, number in rows.values_list("sequence", "state", "reason").annotate(Count("pk")):
        counted = found[pk]
        setattr(counted, state, getattr(counted, state) + number)
        if reason:
            counted.reasons[str(Enrolment.Reason(reason).label)] = number
    return found
