from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import OfficialAccount
from payments.models.orders import Order
from payments.models.refunds import Refund
from wechat.kernel.secrets import HasSecrets, SecretField
from wechat.kernel.work import WorkRow


class Event(WorkRow):
    """Something others want to hear of, written in the transaction that made it true.

    ``told`` names those who have heard; each of them hears it exactly once.
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
    told = models.JSONField(_("told"), default=list)
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
        indexes = [*WorkRow.Meta.indexes]

    def __str__(self) -> str:
        return f"{self.topic} {self.order_id}"


class Webhook(HasSecrets):
    """Where the owner's own system is told about payments."""

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="payment_webhooks", verbose_name=_("account")
    )
    url = models.CharField(
        _("address"),
        max_length=500,
        validators=[RegexValidator(r"^https?://\S+$", _("An address begins with https:// or http://."))],
    )
    secret = SecretField(_("signing secret"))
    enabled = models.BooleanField(_("enabled"), default=True)

    class Meta:
        verbose_name = _("payment webhook")
        verbose_name_plural = _("payment webhooks")
        constraints = [models.UniqueConstraint(fields=["account", "url"], name="payment_webhook_once")]

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """One event on its way to one webhook."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        GIVEN_UP = "given_up", _("Given up")

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="deliveries", verbose_name=_("webhook"))
    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries", verbose_name=_("event"))
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    status = models.PositiveSmallIntegerField(_("answered"), null=True, blank=True)
    problem = models.CharField(_("problem"), max_length=300, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, editable=False)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        constraints = [
            models.UniqueConstraint(fields=["webhook", "event"], name="payment_delivery_once"),
            models.CheckConstraint(
                condition=Q(state="waiting", due_at__isnull=False)
                | (~Q(state="waiting") & Q(due_at__isnull=True)),
                name="payment_delivery_due_while_waiting",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="payment_delivery_due", condition=Q(due_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} · {self.webhook}"
