"""What of bills waits for a person: exceptions, bills that could not be fetched, and whatever holds them."""

from django.db.models import OuterRef
from django.utils.translation import gettext_lazy as _

from accounts.staff.rights import Area
from accounts.staff.todo import KINDS, Severity, TodoKind
from payments.bills.models import Bill, Discrepancy
from payments.merchants.held_work import WORKS
from payments.merchants.models import Merchant
from wechat.kernel.models import Hold

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
# Whoever has the money in hand may have it go on, and the page of bills has the button.
KINDS.add(
    "bills.held",
    TodoKind(
        title=_("Work with WeChat Pay is on hold"),
        page="admin:bills_bill_changelist",
        areas=MONEY,
        severity=Severity.FAULT,
        rows=lambda account, user: Hold.objects.filter(
            work__in=WORKS,
            subject__in=Merchant.objects.filter(accounts=OuterRef(account)).values("pk"),
            until__isnull=False,
        ),
    ),
)
