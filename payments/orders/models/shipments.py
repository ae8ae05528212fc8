"""The models of shipments of mini-program orders, which the platform has to be told to release the money."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from payments.orders.models.orders import Order
from wechat.console.phrases import listed
from wechat.kernel.work import WorkRow, finished_is_not_due
from wechat.sdk.calls import shipping
from wechat.sdk.calls.shipping import Logistics


class Shipment(WorkRow):
    """The shipment of an order as staff entered it; the platform accepts it and one correction."""

    class State(models.TextChoices):
        WAITING = "waiting", _("being told to WeChat")
        UPLOADED = "uploaded", _("WeChat knows it")
        FAILED = "failed", _("WeChat refused it")

    class How(models.IntegerChoices):
        EXPRESS = Logistics.EXPRESS.value, _("parcel")
        LOCAL = Logistics.LOCAL.value, _("delivery in town")
        VIRTUAL = Logistics.VIRTUAL.value, _("nothing to carry, such as a voucher")
        PICKUP = Logistics.PICKUP.value, _("picked up by the payer")

    order = models.OneToOneField(Order, models.CASCADE, related_name="shipment", verbose_name=_("order"))
    how = models.PositiveSmallIntegerField(_("way of delivery"), choices=How.choices)
    # The platform tells the payer that all is on its way, and takes corrections, once it knows the rest.
    more_to_come = models.BooleanField(_("more parcels follow"), default=False)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    shipped_at = models.DateTimeField(_("shipped"), default=timezone.now)
    uploaded_at = models.DateTimeField(_("told to WeChat"), null=True, blank=True)
    corrected = models.BooleanField(default=False)
    due_at = models.DateTimeField(null=True, blank=True, default=timezone.now)

    class Meta(WorkRow.Meta):
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        indexes = [
            *WorkRow.Meta.indexes,
            models.Index(fields=["order"], name="shipment_refused", condition=Q(state="failed")),
        ]
        constraints = [
            finished_is_not_due("shipment_not_due_once_ended", "uploaded", "failed"),
            models.CheckConstraint(
                condition=Q(how=Logistics.EXPRESS.value) | Q(more_to_come=False),
                name="shipment_only_parcels_follow",
            ),
        ]

    def __str__(self) -> str:
        return " ".join([str(self.get_how_display()), listed(self.parcels.all())]).strip()

    def on_failure(self, error: object) -> dict[str, Any]:
        return {"state": self.State.FAILED}

    @property
    def may_change(self) -> bool:
        """Returns whether the platform would accept a corrected one."""
        if self.state == self.State.UPLOADED:
            return self.more_to_come or not self.corrected
        return self.state == self.State.FAILED


class Parcel(models.Model):
    """A parcel of a shipment, with its carrier and tracking number."""

    shipment = models.ForeignKey(
        Shipment, models.CASCADE, related_name="parcels", verbose_name=_("shipment"), db_index=False
    )
    company = models.CharField(_("carrier"), max_length=shipping.LONGEST)
    number = models.CharField(_("parcel number"), max_length=shipping.LONGEST)
    # All but the last four digits are masked: the platform wants no more.
    contact = models.CharField(_("receiver's telephone"), max_length=32, blank=True)

    class Meta:
        verbose_name = _("parcel")
        verbose_name_plural = _("parcels")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["shipment", "company", "number"], name="parcel_once"),
            models.CheckConstraint(condition=~Q(company="") & ~Q(number=""), name="parcel_has_number"),
        ]

    def __str__(self) -> str:
        return f"{self.company} {self.number}"
