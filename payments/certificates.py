"""The platform's certificates, kept fresh in one place for all processes.

A merchant in public key mode has none and never asks: a single forgotten download would hold up its switch
(WeChat Pay reference 2.4, 2.5).
"""

import datetime
import logging

from django.db import transaction
from django.utils import timezone

from payments.directory import MerchantUnusable, client_for
from payments.models import Merchant, PlatformCertificate
from wechat.kernel import due
from wechat.sdk.errors import WeChatError
from wechat.sdk.pay import platform_certificates
from wechat.sdk.pay.certificates import Certificate

log = logging.getLogger(__name__)

LEASE = datetime.timedelta(minutes=2)
# The platform asks for less than twelve hours.
EVERY = datetime.timedelta(hours=11)
AGAIN = datetime.timedelta(minutes=10)
# However many forged serial numbers arrive.
AT_MOST_EVERY = datetime.timedelta(minutes=10)


def refresh_due() -> int:
    found = due.claim(Merchant.objects.all(), lease=LEASE, limit=20)
    for merchant in found:
        refresh(merchant)
    return len(found)


def refresh(merchant: Merchant) -> bool:
    """Fetch and keep what there is; ``False`` if it could not be fetched."""
    try:
        certificates = platform_certificates.download(client_for(merchant))
    except (WeChatError, MerchantUnusable) as error:
        log.warning("certificates_not_fetched", extra={"merchant": merchant.slug, "error": str(error)})
        _plan(merchant, AGAIN)
        return False
    keep(merchant, certificates)
    Merchant.objects.filter(pk=merchant.pk).update(certificates_at=timezone.now())
    _plan(merchant, EVERY if certificates else None)
    return True


@transaction.atomic
def keep(merchant: Merchant, certificates: list[Certificate]) -> None:
    """Those that are new join the others; those that have run out go."""
    for certificate in certificates:
        PlatformCertificate.objects.update_or_create(
            merchant=merchant,
            serial_no=certificate.serial_no,
            defaults={
                "pem": certificate.pem,
                "effective_at": certificate.effective_at,
                "expires_at": certificate.expires_at,
            },
        )
    merchant.certificates.filter(expires_at__lt=timezone.now()).delete()


def want_soon(merchant: Merchant) -> None:
    """A serial number we do not know came in: there may be a new certificate."""
    now = timezone.now()
    Merchant.objects.filter(pk=merchant.pk, due_at__gt=now, certificates_at__lt=now - AT_MOST_EVERY).update(
        due_at=now
    )


def _plan(merchant: Merchant, pause: datetime.timedelta | None) -> None:
    Merchant.objects.filter(pk=merchant.pk).update(due_at=timezone.now() + pause if pause else None)
