"""The approvals that wait for a person."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.approvals.actions import ACTIONS
from accounts.approvals.models import Approval
from accounts.approvals.policy import roles_that_decide
from accounts.staff.models import StaffRight
from accounts.staff.rights import Area
from accounts.staff.todo import KINDS, Severity, TodoKind


def rows(account: Any, user: User) -> QuerySet[Approval]:
    """Returns the approvals that this person may decide; not what they asked for, unless nobody else can."""
    decided_by_them = Q(pk__in=[])
    for area in Area:
        held = StaffRight.objects.filter(account=OuterRef("account"), role__in=roles_that_decide(area))
        runs_everything = User.objects.filter(pk=user.pk, is_superuser=True)
        others = User.objects.filter(is_active=True, is_staff=True).exclude(pk=user.pk)
        theirs = StaffRight.objects.filter(
            account=OuterRef(OuterRef("account")), role__in=roles_that_decide(area), user=OuterRef("pk")
        )
        others = others.filter(Q(is_superuser=True) | Exists(theirs))
        decided_by_them |= Q(
            Q(Exists(held.filter(user=user))) | Q(Exists(runs_everything)),
            ~Q(asked_by=user) | ~Q(Exists(others)),
            action__in=[each.name for each in ACTIONS if each.area == area],
        )
    waiting = Approval.objects.filter(account=account, state=Approval.State.WAITING)
    return waiting.filter(decided_by_them)


KINDS.add(
    "approvals",
    TodoKind(
        title=_("Waits for your approval"),
        page="admin:approvals_list",
        opens=lambda pk: reverse("admin:approvals_approval", args=[pk]),
        areas=tuple(Area),
        severity=Severity.DECISION,
        rows=rows,
    ),
)
