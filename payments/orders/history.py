"""The history of an order: what was done, by whom, and with which result."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.utils import translation
from django.utils.translation import gettext
from django_stubs_ext import StrOrPromise

from payments.orders.models import Order, Step
from payments.orders.states import OrderState
from wechat.console.phrases import labelled
from wechat.inbox import answerers

PLATFORM = "WeChat Pay"
WORKER = "worker"
LONGEST = Step._meta.get_field("text").max_length or 0


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A line of the history as staff read it."""

    step: Step
    text: str
    by: str


def lines(order: Order) -> list[HistoryLine]:
    """Returns the whole history, oldest first, in words."""
    steps = list(order.steps.order_by("id"))
    names = answerers.names(step.by for step in steps)
    return [HistoryLine(step, _text(step), names.of(step.by).name) for step in steps]


def _text(step: Step) -> str:
    """Returns the text of a line; for a new order the key that a business system gave it.

    Keys of other makers say nothing to staff.
    """
    if step.kind == Step.Kind.MOVED:
        return str(OrderState(step.text).label)
    if step.kind == Step.Kind.CREATED:
        return step.text.partition(":")[2] if step.by.startswith("api") else ""
    parts = [gettext(part) for part in (step.text, step.outcome) if part]
    return labelled(*parts) if len(parts) == 2 else "".join(parts)


def write(
    order: Order,
    kind: Step.Kind,
    text: StrOrPromise = "",
    by: str | User = "",
    *,
    outcome: StrOrPromise = "",
) -> None:
    """Adds a line; a lazy ``text`` or ``outcome`` is kept untranslated."""
    with translation.override(None):
        text, outcome = str(text)[:LONGEST], str(outcome)[:LONGEST]
    Step.objects.create(order=order, kind=kind, text=text, outcome=outcome, by=str(by))


def moved(order: Order, state: str, by: str) -> Step:
    """Returns the unsaved line of an order that goes on to a state."""
    return Step(order=order, kind=Step.Kind.MOVED, text=state, by=by)
