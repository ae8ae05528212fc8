"""The platform's certificates, refreshed by workers and kept in the database for all processes.

A merchant in public key mode has none and must not download any: one download would delay the switch to that
mode (WeChat Pay reference 2.4, 2.5).
"""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from payments.merchants import held_work
from payments.merchants.directory import client_for
from payments.merchants.models import Merchant, PlatformCertificate
from payments.merchants.setup import BEGINNINGS
from wechat.kernel import work
from wechat.sdk.pay import platform_certificates
from wechat.sdk.pay.certificates import Certificate

# The platform asks for less than twelve hours.
EVERY = datetime.timedelta(hours=11)
AGAIN = datetime.timedelta(minutes=10)
# However many forged serial numbers arrive.
AT_MOST_EVERY = datetime.timedelta(minutes=10)

CERTIFICATES = work.Kind(
    "merchants.refresh_certificates",
    lambda: Merchant.objects.filter(public_key_id=""),
    label=gettext_lazy("Renewing WeChat Pay's certificates"),
    lease=datetime.timedelta(minutes=2),
    queue=work.BULK,
    retry=(AGAIN,),
    subject="pk",
    gives_up=False,
)
held_work.add(CERTIFICATES.name)


def begin(merchant: Merchant) -> None:
    """Starts the refreshing of certificates, unless there is a public key; safe to repeat.

    Bills need certificates too, also for merchants whose orders use API v2.
    """
    if not merchant.has_certificates:
        return
    if Merchant.objects.filter(pk=merchant.pk, due_at=None).update(due_at=timezone.now()):
        work.wake(CERTIFICATES.name)


BEGINNINGS.add("certificates", begin)


@CERTIFICATES.each
def refresh(merchant: Merchant) -> None:
    """Fetches and keeps the platform's certificates."""
    certificates = platform_certificates.download(client_for(merchant))
    save(merchant, certificates)
    now = timezone.now()
    merchant.done(certificates_at=now, due_at=now + EVERY if certificates else None)


@transaction.atomic
def save(merchant: Merchant, certificates: list[Certificate]) -> None:
    """Saves new or changed certificates and deletes expired ones."""
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


def refresh_soon(merchant: Merchant) -> None:
    """Schedules the fetching of certificates, because a message named an unknown serial number."""
    now = timezone.now()
    Merchant.objects.filter(pk=merchant.pk, due_at__gt=now, certificates_at__lt=now - AT_MOST_EVERY).update(
        due_at=now
    )
