from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from payments.orders.models.orders import Order
from payments.orders.models.refunds import Refund
from wechat.kernel.work import GIVEN_UP, WorkRow


class OrderEvent(WorkRow):
    """An event of an order for the registered handlers, written in the transaction of the change.

    ``handled_by`` names the handlers that are done; each handles an event exactly once.
    """

    class Topic(models.TextChoices):
        PAID = "order.paid", _("Order paid")
        CLOSED = "order.closed", _("Order closed")
        REFUNDED = "refund.succeeded", _("Refund paid out")
        REFUND_FAILED = "refund.failed", _("Refund failed")

    topic = models.CharField(_("topic"), max_length=24, choices=Topic.choices)
    order = models.ForeignKey(Order, models.CASCADE, related_name="events", verbose_name=_("order"))
    refund = models.ForeignKey(
        Refund, models.CASCADE, null=True, blank=True, related_name="events", verbose_name=_("refund")
    )
    handled_by = models.JSONField(_("told"), default=list)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [
            models.UniqueConstraint(
                fields=["order", "topic"], name="order_event_once", condition=Q(refund__isnull=True)
            ),
            models.UniqueConstraint(
                fields=["refund", "topic"], name="refund_event_once", condition=Q(refund__isnull=False)
            ),
        ]
        indexes = [
            *WorkRow.Meta.indexes,
            models.Index(fields=["order"], name="order_event_given_up", condition=GIVEN_UP),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.order_id}"
