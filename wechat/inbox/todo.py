"""What WeChat's callbacks leave to a person: failed messages, refused callbacks, an expired verification."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.official import verification
from accounts.staff.rights import Area
from accounts.staff.todo import KINDS, Severity, TodoKind
from wechat.inbox.checkup import current_refusals
from wechat.inbox.models import InboundMessage
from wechat.kernel.work import GIVEN_UP

KINDS.add(
    "inbox.refused",
    TodoKind(
        title=_("Callbacks of WeChat are refused: something is set up wrongly"),
        page="admin:official_officialaccount_changelist",
        link=lambda account_id: reverse("admin:staff_examine", args=[account_id]),
        areas=(Area.SETTINGS,),
        severity=Severity.FAULT,
        rows=lambda account, user: current_refusals(account),
    ),
)
KINDS.add(
    "inbox.failed",
    TodoKind(
        title=_("Messages that could not be handled"),
        page="admin:inbox_inboundmessage_changelist",
        query="state=failed",
        areas=(Area.MESSAGES,),
        severity=Severity.FAULT,
        rows=lambda account, user: InboundMessage.objects.filter(GIVEN_UP, account=account),
        acknowledged=True,
    ),
)
KINDS.add(
    "inbox.malformed",
    TodoKind(
        title=_("Callbacks that could not be read"),
        page="admin:inbox_inboundmessage_changelist",
        query="state=malformed",
        areas=(Area.SETTINGS,),
        severity=Severity.FAULT,
        rows=lambda account, user: InboundMessage.objects.filter(
            account=account, kind=InboundMessage.MALFORMED, event=""
        ),
        acknowledged=True,
    ),
)
KINDS.add(
    "official.verification",
    TodoKind(
        title=_("The verification of the account (微信认证) is to be renewed, or was refused"),
        page="admin:official_officialaccount_changelist",
        link=lambda account_id: reverse("admin:official_officialaccount_change", args=[account_id]),
        areas=(Area.SETTINGS,),
        severity=Severity.DECISION,
        rows=lambda account, user: verification.waiting(account),
    ),
)
