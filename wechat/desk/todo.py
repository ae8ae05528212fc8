"""The kind of conversations that wait for an answer, for the list of what waits for a person."""

from django.utils.translation import gettext_lazy as _

from accounts.staff.rights import Area
from accounts.staff.todo import KINDS, Severity, TodoKind
from wechat.desk import boxes

KINDS.add(
    "desk.waiting",
    TodoKind(
        title=_("Conversations wait for an answer"),
        page="admin:desk",
        query="box=waiting",
        areas=(Area.MESSAGES,),
        severity=Severity.DECISION,
        rows=lambda account, user: boxes.waiting_rows().filter(account=account),
    ),
)
