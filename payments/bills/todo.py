"""The things about bills that wait for a person: discrepancies, failed bills, and bills on hold."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.staff.rights import Area, Rights
from accounts.staff.todo import KINDS, Severity, TodoKind
from payments.bills.models import Bill, Discrepancy
from payments.merchants.held_work import WORKS
from payments.merchants.models import Merchant
from payments.merchants.scoping import own_or_whole, whole_merchants
from wechat.kernel.models import Hold

MONEY = (Area.MONEY,)


def _discrepancies(account: Any, user: User) -> QuerySet[Discrepancy]:
    theirs = own_or_whole(Q(account=account), Rights.of(user), Area.MONEY, change=True)
    rows = Discrepancy.objects.filter(merchant__accounts=account, state=Discrepancy.State.OPEN)
    return rows.filter(theirs)


def _failed(account: Any, user: User) -> QuerySet[Bill]:
    rows = Bill.objects.filter(merchant__accounts=account, state=Bill.State.FAILED)
    return rows.filter(merchant__in=_whole(user))


def _held(account: Any, user: User) -> QuerySet[Hold]:
    merchants = _whole(user).filter(accounts=OuterRef(account)).values("pk")
    return Hold.objects.filter(work__in=WORKS, subject__in=merchants, until__isnull=False)


def _whole(user: User) -> QuerySet[Merchant]:
    return whole_merchants(Rights.of(user), Area.MONEY, change=True)


KINDS.add(
    "bills.discrepancies",
    TodoKind(
        title=_("Discrepancies of reconciliation are open"),
        page="admin:bills_discrepancy_changelist",
        query=f"state={Discrepancy.State.OPEN.value}",
        areas=MONEY,
        severity=Severity.DECISION,
        rows=_discrepancies,
    ),
)
KINDS.add(
    "bills.failed",
    TodoKind(
        title=_("Bills that could not be fetched"),
        page="admin:bills_bill_changelist",
        areas=MONEY,
        severity=Severity.FAULT,
        rows=_failed,
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
        rows=_held,
    ),
)
