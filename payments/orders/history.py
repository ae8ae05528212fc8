"""The history of an order: what was done, by whom, and with which result."""

from dataclasses import dataclass

from django.contrib.auth.models import User

from payments.orders.models import Order, Step
from payments.orders.states import OrderState
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

    Keys of other makers say nothing to staff. A state is kept by its value, for readers of every language.
    """
    if step.kind == Step.Kind.MOVED:
        return str(OrderState(step.text).label)
    if step.kind != Step.Kind.CREATED:
        return step.text
    return step.text.partition(":")[2] if step.by.startswith("api") else ""


def write(order: Order, kind: Step.Kind, text: str = "", by: str | User = "") -> None:
    step(order, kind, text, by).save()


def step(order: Order, kind: Step.Kind, text: str = "", by: str | User = "") -> Step:
    """Returns an unsaved line."""
    return Step(order=order, kind=kind, text=text[:LONGEST], by=str(by))
