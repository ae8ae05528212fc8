"""The to-do item for approvals that wait for the user's decision."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.approvals.deciding import waiting_for
from accounts.staff.rights import Area
from accounts.staff.todo import KINDS, Severity, TodoKind

KINDS.add(
    "approvals",
    TodoKind(
        title=_("Waits for your approval"),
        page="admin:approvals_list",
        opens=lambda pk: reverse("admin:approvals_approval", args=[pk]),
        areas=tuple(Area),
        severity=Severity.DECISION,
        rows=lambda account, user: waiting_for(user, account),
    ),
)
