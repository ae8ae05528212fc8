"""The to-do item about failing webhook endpoints."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.staff.rights import Area
from accounts.staff.todo import KINDS, Severity, TodoKind
from wechat.webhooks import outbox
from wechat.webhooks.models import Endpoint

KINDS.add(
    "webhooks.failing",
    TodoKind(
        title=_("Webhook receivers that do not answer, or were switched off for it"),
        page="admin:webhooks_endpoint_changelist",
        areas=(Area.SETTINGS,),
        severity=Severity.FAULT,
        rows=lambda account, user: Endpoint.objects.filter(
            Q(enabled=True, failing_since__isnull=False) | Q(switched_off_at__isnull=False), account=account
        ),
    ),
)
KINDS.add(
    "webhooks.unsigned",
    TodoKind(
        title=_("Webhooks that wait: no key opens their signing secret"),
        page="admin:webhooks_endpoint_changelist",
        areas=(Area.SETTINGS,),
        severity=Severity.FAULT,
        rows=lambda account, user: Endpoint.objects.filter(
            pk__in=outbox.unsigned().values("subject"), account=account
        ),
    ),
)
