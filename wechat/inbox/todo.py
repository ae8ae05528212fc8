"""What of the arriving messages waits for a person: those that failed, callbacks that are refused."""

from django.db.models import F, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.staff.rights import Area
from accounts.staff.todo import KINDS, Severity, TodoKind
from wechat.inbox.checkup import WHAT_REFUSALS_SAY
from wechat.inbox.models import NOT_A_RECEIPT, InboundMessage, Refusal

_NEWEST = (
    InboundMessage.objects.filter(NOT_A_RECEIPT, account=OuterRef("account"))
    .order_by("-pk")
    .values("received_at")[:1]
)

KINDS.add(
    "inbox.refused",
    TodoKind(
        # It is gone with the first good one.
        title=_("Callbacks of WeChat are refused: something is set up wrongly"),
        page="admin:official_officialaccount_changelist",
        link=lambda account_id: reverse("admin:staff_examine", args=[account_id]),
        areas=(Area.SETTINGS,),
        severity=Severity.FAULT,
        rows=lambda account, user: Refusal.objects.annotate(good_at=Subquery(_NEWEST)).filter(
            Q(good_at=None) | Q(last_at__gt=F("good_at")),
            account=account,
            reason__in=list(WHAT_REFUSALS_SAY),
        ),
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
        rows=lambda account, user: InboundMessage.objects.filter(~Q(error=""), account=account),
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
