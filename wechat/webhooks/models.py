import base64
import secrets
from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.official.models import OfficialAccount
from wechat.api.models import ApiClient
from wechat.kernel.secrets import HasRenewedSecret, SecretField
from wechat.kernel.traced import Traced
from wechat.kernel.work import WorkRow
from wechat.webhooks import events

SECRET_BYTES = 32


def new_secret() -> str:
    """Returns a new secret in the form of Standard Webhooks."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def new_message_id() -> str:
    return f"msg_{get_random_string(24)}"


class Endpoint(HasRenewedSecret):
    """An address of a business system to which events are posted.

    ``owner`` is what the endpoint belongs to, such as ``rule:12`` or ``client:3``; it is empty for those that
    staff add. An account's endpoint has ``account``; that of an API client is for all accounts of the client.
    """

    account = models.ForeignKey(
        OfficialAccount,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="webhook_endpoints",
        verbose_name=_("account"),
    )
    client = models.ForeignKey(
        ApiClient,
        models.CASCADE,
        null=True,
        blank=True,
        editable=False,
        related_name="webhook_endpoints",
        verbose_name=_("API client"),
    )
    owner = models.CharField(max_length=40, blank=True, editable=False)
    url = models.CharField(
        _("address"),
        max_length=500,
        validators=[RegexValidator(r"^https?://\S+$", _("An address begins with https:// or http://."))],
    )
    secret = SecretField(_("signing secret"))
    events = models.JSONField(_("events"), default=list, blank=True)
    enabled = models.BooleanField(_("enabled"), default=True)
    # Since when no delivery has succeeded, and when the endpoint was switched off for that.
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True, editable=False)
    switched_off_at = models.DateTimeField(_("switched off"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("webhook endpoint")
        verbose_name_plural = _("webhook endpoints")
        constraints = [
            models.UniqueConstraint(fields=["owner"], name="endpoint_of_owner_once", condition=~Q(owner="")),
            models.UniqueConstraint(
                fields=["account", "url"], name="endpoint_address_once", condition=Q(owner="")
            ),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def is_unsigned(self) -> bool:
        """Returns whether nothing can be signed: there is no secret, or one that no key opens."""
        return not self.readable_secret("secret")


class Delivery(Traced, WorkRow):
    """An event on its way to an endpoint, with its attempts; ``body`` is the same in all of them.

    ``key`` identifies the event, unique at its endpoint: an event that is emitted again is not sent again.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("given up")

    endpoint = models.ForeignKey(
        Endpoint, models.CASCADE, related_name="deliveries", verbose_name=_("endpoint")
    )
    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False, related_name="+")
    message_id = models.CharField(_("message ID"), max_length=40, default=new_message_id)
    event = models.CharField(_("event"), max_length=40)
    key = models.CharField(max_length=120, editable=False)
    # The person that the event is about, with whom the row is erased.
    openid = models.CharField(_("OpenID"), max_length=64, blank=True)
    body = models.TextField(_("body"))
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.WAITING)
    # One entry for each attempt: {"at": ISO 8601, "status": 200 or null, "ms": 41, "error": ""}.
    log = models.JSONField(_("attempts in detail"), default=list, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "key"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(state="waiting", due_at__isnull=False)
                | (~Q(state="waiting") & Q(due_at__isnull=True)),
                name="delivery_due_while_waiting",
            ),
        ]
        indexes = [
            *WorkRow.Meta.indexes,
            models.Index(fields=["account", "-id"], name="delivery_newest"),
            models.Index(fields=["account", "openid"], name="delivery_of_person", condition=~Q(openid="")),
            models.Index(fields=["account", "key"], name="delivery_of_event"),
        ]

    def __str__(self) -> str:
        return f"{self.label} · {self.message_id}"

    def on_failure(self, error: object) -> dict[str, Any]:
        return {"state": self.State.FAILED}

    @property
    def label(self) -> StrOrPromise:
        return events.label_of(self.event)

    @property
    def last(self) -> dict[str, object]:
        """Returns the newest attempt, or an empty mapping before the first."""
        return self.log[-1] if self.log else {}
