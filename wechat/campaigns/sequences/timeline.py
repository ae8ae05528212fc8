"""The timeline of a sequence as staff read it: each step in words, with its figures."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_stubs_ext import StrOrPromise

from accounts.followers import segments
from wechat.campaigns.models import Sequence, SequenceStep
from wechat.campaigns.sequences import paths, report
from wechat.campaigns.sequences.paths import Node, Place
from wechat.campaigns.sequences.report import OUTCOMES, StepTally

Type, Lane, Unit = SequenceStep.Type, SequenceStep.Lane, SequenceStep.Unit

ICONS = {
    Type.MESSAGE: "chat_bubble", Type.BRANCH: "alt_route", Type.TAG: "sell", Type.UNTAG: "label_off",
    Type.WAIT: "hourglass_empty", Type.END: "stop_circle",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StepFigure:
    """A number of people, and the page where they are listed."""

    label: StrOrPromise
    number: int
    page: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A place between steps where a step can be added."""

    place: Place
    label: str


@dataclass(slots=True)
class TimelineStep:
    """A step on the page. ``gap`` is the place after it; each lane has a first place of its own."""

    step: SequenceStep
    number: int
    words: str
    when: str
    icon: str
    gap: Gap
    conditions: list[str]
    figures: list[StepFigure]
    lanes: list["TimelineLane"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TimelineLane:
    label: StrOrPromise
    gap: Gap
    steps: list[TimelineStep]


def of(sequence: Sequence, steps: list[SequenceStep]) -> list[TimelineStep]:
    """Returns the steps with their lanes; the figures of all steps take two queries."""
    nodes = paths.tree(steps)
    tallies = report.steps(steps)
    numbers = {node.step.pk: number for number, node in enumerate(paths.walk(nodes), start=1)}
    branches = [step for step in steps if step.type == Type.BRANCH]
    asked = {}
    if branches:
        words = segments.all_in_words(sequence.account, [branch.conditions for branch in branches])
        asked = {branch.pk: lines for branch, lines in zip(branches, words, strict=True)}
    return list(_shown(nodes, numbers, asked, tallies))


def _shown(
    nodes: Iterable[Node],
    numbers: Mapping[int, int],
    asked: Mapping[int, list[str]],
    tallies: Mapping[int, StepTally],
) -> Iterator[TimelineStep]:
    for node in nodes:
        step = node.step
        number = numbers[step.pk]
        shown = TimelineStep(
            step=step,
            number=number,
            words=_words(step),
            when=when(step),
            icon=ICONS[Type(step.type)],
            gap=Gap(Place(step.pk), _("after step %d") % number),
            conditions=asked.get(step.pk, []),
            figures=_figures(step, tallies.get(step.pk, StepTally())),
        )
        if step.type == Type.BRANCH:
            shown.lanes = [
                TimelineLane(
                    lane.label,
                    Gap(Place(step.pk, lane.value), _lane_begins(number, lane)),
                    list(_shown(node.lane(lane), numbers, asked, tallies)),
                )
                for lane in Lane
            ]
        yield shown


def gaps(shown: Iterable[TimelineStep]) -> Iterator[Gap]:
    """Yields all places of a timeline but the first one, in order."""
    for each in shown:
        for lane in each.lanes:
            yield lane.gap
            yield from gaps(lane.steps)
        yield each.gap


def first_gap() -> Gap:
    return Gap(Place(), _("at the beginning"))


def when(step: SequenceStep) -> str:
    """Returns when a step is done, in words."""
    parts = [_wait(step)] if step.wait else []
    if step.day:
        parts.append(str(step.get_day_display()))
    if step.at_time is not None:
        parts.append(_("at %(time)s") % {"time": f"{step.at_time:%H:%M}"})
    return " · ".join(parts) or _("at once")


def _wait(step: SequenceStep) -> str:
    match Unit(step.unit):
        case Unit.MINUTES:
            words = ngettext("%(number)d minute later", "%(number)d minutes later", step.wait)
        case Unit.HOURS:
            words = ngettext("%(number)d hour later", "%(number)d hours later", step.wait)
        case Unit.DAYS:
            words = ngettext("%(number)d day later", "%(number)d days later", step.wait)
    return words % {"number": step.wait}


def _words(step: SequenceStep) -> str:
    if step.type == Type.BRANCH:
        return _("Which way?")
    return str(step)


def _lane_begins(number: int, lane: SequenceStep.Lane) -> str:
    return _("first in “%(lane)s” of step %(number)d") % {"lane": lane.label, "number": number}


def _figures(step: SequenceStep, tally: StepTally) -> list[StepFigure]:
    """Returns the figures of a step, without those that count nobody."""
    outcomes = [name for name in OUTCOMES if tally[name]]
    return [StepFigure(OUTCOMES[name], tally[name], page_of(step, name)) for name in outcomes]


def page_of(step: SequenceStep, outcome: str) -> str:
    """Returns the address of the list of people that a figure counts."""
    page = reverse("admin:campaigns_sequence_report", args=[step.sequence_id])
    return f"{page}?{urlencode({'step': step.pk, 'what': outcome})}"
