"""Shipped orders of mini programs, on their way to the platform, which holds the money until it knows."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from payments.orders.models.orders import Order
from wechat.kernel.work import WorkRow, finished_is_not_due
from wechat.sdk.calls.shipping import Logistics


class Shipment(WorkRow):
    """How an order was delivered, as staff said; the platform takes it, and one correction of it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("being told to WeChat")
        TOLD = "told", _("WeChat knows it")
        FAILED = "failed", _("WeChat refused it")

    class How(models.IntegerChoices):
        EXPRESS = Logistics.EXPRESS.value, _("parcel")
        LOCAL = Logistics.LOCAL.value, _("delivery in town")
        VIRTUAL = Logistics.VIRTUAL.value, _("nothing to carry, such as a voucher")
        PICKUP = Logistics.PICKUP.value, _("picked up by the payer")

    order = models.OneToOneField(Order, models.CASCADE, related_name="shipment", verbose_name=_("order"))
    how = models.PositiveSmallIntegerField(_("way of delivery"), choices=How.choices)
    company = models.CharField(_("carrier"), max_length=128, blank=True)
    number = models.CharField(_("parcel number"), max_length=128, blank=True)
    # All but the last four digits are masked: the platform wants no more.
    contact = models.CharField(_("receiver's telephone"), max_length=32, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    shipped_at = models.DateTimeField(_("shipped"), default=timezone.now)
    told_at = models.DateTimeField(_("told to WeChat"), null=True, blank=True)
    corrected = models.BooleanField(default=False)
    due_at = models.DateTimeField(null=True, blank=True, default=timezone.now)

    class Meta(WorkRow.Meta):
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        constraints = [
            finished_is_not_due("shipment_not_due_once_ended", "told", "failed"),
            models.CheckConstraint(
                condition=~Q(how=Logistics.EXPRESS.value) | (~Q(company="") & ~Q(number="")),
                name="shipment_parcel_has_number",
            ),
        ]

    def __str__(self) -> str:
        parts = [str(self.get_how_display()), self.company, self.number]
        return " ".join(part for part in parts if part)

    def on_failure(self, error: object) -> dict[str, Any]:
        return {"state": self.State.FAILED}

    @property
    def may_change(self) -> bool:
        """Returns whether the platform would take another one in its place."""
        return self.state == self.State.FAILED or (self.state == self.State.TOLD and not self.corrected)
