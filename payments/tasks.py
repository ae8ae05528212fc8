from celery import shared_task
from django.utils import timezone

from payments import certificates, chasing, events, notices, reconciling, refunding
from payments.models import Bill, Event, Merchant, Notice, Order, Refund
from wechat.kernel import due


@shared_task(name="payments.chase")
def chase() -> int:
    """Ask what became of open orders, and close those that are over."""
    return chasing.chase_due()


@shared_task(name="payments.refund")
def refund() -> int:
    """Call for refunds and look after those under way."""
    return refunding.refund_due()


@shared_task(name="payments.tell")
def tell() -> int:
    """Tell others what happened."""
    return events.tell_due()


@shared_task(name="payments.handle_notices")
def handle_notices() -> int:
    """Apply notifications that could not be applied when they came."""
    return notices.handle_due()


@shared_task(name="payments.refresh_certificates")
def refresh_certificates() -> int:
    return certificates.refresh_due()


@shared_task(name="payments.fetch_bills")
def fetch_bills() -> int:
    """Fetch the bills that should be there, and compare them."""
    return reconciling.fetch_due()


due.doorbell(chase, lambda: Order.objects.filter(due_at__lte=timezone.now()).exists())
due.doorbell(refund, lambda: Refund.objects.filter(due_at__lte=timezone.now()).exists())
due.doorbell(tell, lambda: Event.objects.filter(due_at__lte=timezone.now()).exists())
due.doorbell(handle_notices, lambda: Notice.objects.filter(due_at__lte=timezone.now()).exists())
due.doorbell(refresh_certificates, lambda: Merchant.objects.filter(due_at__lte=timezone.now()).exists())
due.doorbell(fetch_bills, lambda: Bill.objects.filter(due_at__lte=timezone.now()).exists())
