"""The modules with background work of this app: see ``wechat.kernel.work``."""

from celery import shared_task

from wechat.kernel import due
from wechat.pushes import library, receipts, reports, sending

__all__ = ["library", "receipts", "reports", "sending"]


@shared_task(name="pushes.report")
def report() -> int:
    """Tell callers what became of their messages; how many attempts."""
    return reports.report_due()


due.doorbell(report, reports.is_due)
