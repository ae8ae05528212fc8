"""The things about merchants that wait for a person: certificates that expire."""

import datetime

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.staff.rights import Area
from accounts.staff.todo import KINDS, Severity, TodoKind
from payments.merchants.models import PlatformCertificate

PAGE = "admin:merchants_merchant_changelist"
SETTINGS = (Area.SETTINGS,)
# WeChat Pay offers the next one weeks before; a merchant whose keys fit has it by then.
ENDS_SOON = datetime.timedelta(days=7)

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
            ~Exists(_LATER),
            merchant__accounts=account,
            merchant__public_key_id="",
            expires_at__lt=timezone.now() + ENDS_SOON,
        ),
    ),
)
