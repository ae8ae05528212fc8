"""An order's history: what was done, by whom, and what came of it."""

from django.contrib.auth.models import User

from payments.orders.models import Order, Step

PLATFORM = "WeChat Pay"
WORKER = "worker"
LONGEST = Step._meta.get_field("text").max_length or 0


def write(order: Order, kind: Step.Kind, text: str = "", by: str | User = "") -> None:
    Step.objects.create(order=order, kind=kind, text=text[:LONGEST], by=str(by))
