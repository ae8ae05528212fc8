"""The things about sent messages that wait for a person."""

from django.utils.translation import gettext_lazy as _

from accounts.staff.rights import Area
from accounts.staff.todo import KINDS, Severity, TodoKind, held
from wechat.pushes import send_holds
from wechat.pushes.models import Push

PAGE = "admin:pushes_push_changelist"
# Whoever may send again what was not sent.
SENDERS = (Area.SENDING, Area.MESSAGES)

KINDS.add(
    "pushes.uncertain",
    TodoKind(
        title=_("Messages of which nobody knows whether they arrived"),
        page=PAGE,
        query=f"state={Push.State.UNCERTAIN.value}",
        areas=SENDERS,
        severity=Severity.DECISION,
        rows=lambda account, user: Push.objects.filter(account=account, state=Push.State.UNCERTAIN),
        acknowledged=True,
    ),
)
KINDS.add(
    "pushes.failed",
    TodoKind(
        title=_("Messages that failed for a cause that can be removed"),
        page=PAGE,
        query=f"state={Push.State.FAILED.value}",
        areas=SENDERS,
        severity=Severity.FAULT,
        rows=lambda account, user: Push.objects.filter(
            account=account, state=Push.State.FAILED, reason__in=Push.REMOVABLE
        ),
        acknowledged=True,
    ),
)
KINDS.add(
    "held.pushes",
    TodoKind(
        title=_("Messages are on hold"),
        page=PAGE,
        areas=(Area.SENDING,),
        severity=Severity.FAULT,
        rows=held(send_holds.SENDS, send_holds.BULK_SENDS),
    ),
)
