from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from payments.merchants.models import Merchant
from payments.orders.models.orders import Order
from wechat.kernel.work import WorkRow

# WeChat Pay's own names of what it reports, in words.
EVENTS: Mapping[str, StrOrPromise] = {
    "TRANSACTION.SUCCESS": _("Payment succeeded"),
    "REFUND.SUCCESS": _("Refund arrived"),
    "REFUND.ABNORMAL": _("Refund could not be paid out"),
    "REFUND.CLOSED": _("Refund closed"),
}


class Notification(WorkRow):
    """A genuine notification, kept as it came; unique by its id.

    ``due_at`` is when it is tried again; null once it was applied, set aside, or given up.
    """

    class State(models.TextChoices):
        APPLIED = "applied", _("Applied")
        REPEAT = "repeat", _("Already known")
        ASIDE = "aside", _("Set aside")
        FAILED = "failed", _("Not applied")

    merchant = models.ForeignKey(
        Merchant, models.CASCADE, related_name="notifications", verbose_name=_("merchant"), db_index=False
    )
    order = models.ForeignKey(
        Order, models.SET_NULL, null=True, blank=True, related_name="notifications", verbose_name=_("order")
    )
    notification_id = models.CharField(_("ID"), max_length=64)
    event_type = models.CharField(_("event"), max_length=128)
    original_type = models.CharField(_("subject of it"), max_length=128, blank=True)
    summary = models.CharField(_("totals"), max_length=128, blank=True)
    raw = models.TextField(_("as it came"))
    resource = models.JSONField(_("content"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.FAILED)
    received_at = models.DateTimeField(_("received"), auto_now_add=True)

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [
            models.UniqueConstraint(fields=["merchant", "notification_id"], name="notification_once")
        ]
        indexes = [
            models.Index(fields=["merchant", "state", "-id"], name="notification_by_state"),
            *WorkRow.Meta.indexes,
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.notification_id}"

    @property
    def event(self) -> str:
        """Returns the event in words, or WeChat Pay's name for an unknown event."""
        return str(EVENTS.get(self.event_type, self.event_type))
