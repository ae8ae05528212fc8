"""The refunds that wait for a person."""

from django.utils.translation import gettext_lazy as _

from accounts.staff.rights import Area
from accounts.staff.todo import KINDS, Severity, TodoKind
from payments.orders.models import Refund
from payments.orders.states import RefundState

PAGE = "admin:orders_refund_changelist"
MONEY = (Area.MONEY,)

KINDS.add(
    "refunds.abnormal",
    TodoKind(
        title=_("Refunds that cannot be paid out: choose where the money goes"),
        page=PAGE,
        query=f"state={RefundState.ABNORMAL.value}",
        areas=MONEY,
        severity=Severity.FAULT,
        rows=lambda account, user: Refund.objects.filter(account=account, state=RefundState.ABNORMAL),
    ),
)
