"""What of bills waits for a person: exceptions, and bills that could not be fetched."""

from django.utils.translation import gettext_lazy as _

from accounts.staff.rights import Area
from accounts.staff.todo import KINDS, Severity, TodoKind
from payments.bills.models import Bill, Discrepancy

MONEY = (Area.MONEY,)

KINDS.add(
    "bills.exceptions",
    TodoKind(
        title=_("Exceptions of reconciliation are open"),
        page="admin:bills_discrepancy_changelist",
        query=f"state={Discrepancy.State.OPEN.value}",
        areas=MONEY,
        severity=Severity.DECISION,
        rows=lambda account, user: Discrepancy.objects.filter(
            merchant__accounts=account, state=Discrepancy.State.OPEN
        ),
    ),
)
KINDS.add(
    "bills.failed",
    TodoKind(
        title=_("Bills that could not be fetched"),
        page="admin:bills_bill_changelist",
        areas=MONEY,
        severity=Severity.FAULT,
        rows=lambda account, user: Bill.objects.filter(merchant__accounts=account, state=Bill.State.FAILED),
        acknowledged=True,
    ),
)
