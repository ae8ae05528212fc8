"""What of merchants waits for a person: work that WeChat Pay refuses, certificates that end."""

import datetime

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.staff.rights import Area
from accounts.staff.todo import KINDS, Severity, TodoKind
from payments.merchants.held_work import WORKS
from payments.merchants.models import Merchant, PlatformCertificate
from wechat.kernel.models import Hold

PAGE = "admin:merchants_merchant_changelist"
SETTINGS = (Area.SETTINGS,)
# WeChat Pay offers the next one weeks before; a merchant whose keys fit has it by then.
ENDS_SOON = datetime.timedelta(days=7)

KINDS.add(
    "merchants.held",
    TodoKind(
        title=_("Work with WeChat Pay is on hold"),
        page=PAGE,
        areas=SETTINGS,
        severity=Severity.FAULT,
        rows=lambda account, user: Hold.objects.filter(
            work__in=WORKS,
            subject__in=Merchant.objects.filter(accounts=OuterRef(account)).values("pk"),
            until__isnull=False,
        ),
    ),
)
_LATER = PlatformCertificate.objects.filter(
    merchant=OuterRef("merchant"), expires_at__gt=OuterRef("expires_at")
)
KINDS.add(
    "merchants.certificate",
    TodoKind(
        title=_("Certificates of WeChat Pay end soon, and no newer one is here"),
        page=PAGE,
        areas=SETTINGS,
        severity=Severity.NOTICE,
        rows=lambda account, user: PlatformCertificate.objects.filter(
            ~Exists(_LATER), merchant__accounts=account, expires_at__lt=timezone.now() + ENDS_SOON
        ),
    ),
)
