"""What we send after the first answer, one row for each message to each recipient, and what may be sent."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import OfficialAccount
from wechat.inbox.models import InboundMessage
from wechat.sdk.content import Content, from_dict


class Push(models.Model):
    """One message to one follower.

    pending → sending → sent → delivered | failed | uncertain | skipped. ``due_at`` is when a pending push
    may go, and when the lease on one that is being sent ends; nothing is left to do once it is null.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")
        UNCERTAIN = "uncertain", _("Uncertain")
        SKIPPED = "skipped", _("Not sent")

    class Reason(models.TextChoices):
        """Why a push failed, was skipped, or is uncertain."""

        NO_WINDOW = "no_window", _("The follower has done nothing lately that allows another message.")
        WINDOW_CLOSED = (
            "window_closed",
            _("WeChat says that the time for messages to this follower is over, or that they left."),
        )
        USED_UP = "used_up", _("WeChat says that the messages allowed after the last action are used up.")
        UNSENDABLE = "unsendable", _("This kind of content cannot be sent as a customer-service message.")
        REFUSED = "refused", _("WeChat refused the message.")
        GAVE_UP = "gave_up", _("WeChat could not be reached, or was busy, at every attempt.")
        NO_ANSWER = "no_answer", _("The answer of WeChat was lost: the follower may have the message.")
        INTERRUPTED = "interrupted", _("The sender was stopped: the follower may have the message.")

    account = models.ForeignKey(OfficialAccount, models.CASCADE, verbose_name=_("account"))
    openid = models.CharField(_("OpenID"), max_length=64)
    content = models.JSONField(_("content"))
    key = models.CharField(_("key"), max_length=120, editable=False)
    # What asked for it, as ``rule:12`` or ``desk``.
    cause = models.CharField(_("because of"), max_length=40, blank=True)
    inbound = models.ForeignKey(
        InboundMessage,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="pushes",
        verbose_name=_("in answer to"),
    )

    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.PENDING)
    reason = models.CharField(_("reason"), max_length=16, choices=Reason.choices, blank=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    errcode = models.IntegerField(_("error code"), null=True, blank=True)
    error = models.TextField(_("error"), blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        verbose_name = _("sent message")
        verbose_name_plural = _("sent messages")
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="push_once"),
            models.CheckConstraint(
                condition=Q(
                    state__in=["pending", "sending", "sent", "delivered", "failed", "uncertain", "skipped"]
                ),
                name="push_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "sending"], due_at__isnull=False)
                | (~Q(state__in=["pending", "sending"]) & Q(due_at__isnull=True)),
                name="push_due_while_open",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=["failed", "uncertain", "skipped"]) & ~Q(reason=""))
                | (~Q(state__in=["failed", "uncertain", "skipped"]) & Q(reason="")),
                name="push_reason_when_not_sent",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["sent", "delivered"], sent_at__isnull=False)
                | (~Q(state__in=["sent", "delivered"]) & Q(sent_at__isnull=True)),
                name="push_sent_at_when_sent",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="push_newest"),
            models.Index(fields=["account", "state", "-id"], name="push_by_state"),
            models.Index(fields=["account", "openid", "-id"], name="push_conversation"),
            models.Index(fields=["due_at"], name="push_due", condition=Q(due_at__isnull=False)),
            models.Index(
                fields=["account", "openid", "id"], name="push_open", condition=Q(due_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} · {self.openid}"

    @property
    def body(self) -> Content:
        """The content. Raises ``ContentError`` if a later version no longer knows its kind."""
        return from_dict(self.content)


class SendWindow(models.Model):
    """How many messages one kind of action of a follower still allows, and until when.

    Reference: WeChat reference 8.1 When a message may be sent.
    """

    class Trigger(models.TextChoices):
        MESSAGE = "message", _("Wrote")
        MENU = "menu", _("Tapped a menu")
        FOLLOW = "follow", _("Followed")
        SCAN = "scan", _("Scanned a code")
        ENTER = "enter", _("Opened customer service")

    account = models.ForeignKey(OfficialAccount, models.CASCADE, verbose_name=_("account"))
    openid = models.CharField(_("OpenID"), max_length=64)
    trigger = models.CharField(_("action"), max_length=8, choices=Trigger.choices)
    left = models.PositiveSmallIntegerField(_("messages left"))
    expires_at = models.DateTimeField(_("until"))
    granted_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("send window")
        verbose_name_plural = _("send windows")
        constraints = [
            models.UniqueConstraint(fields=["account", "openid", "trigger"], name="send_window_once"),
            models.CheckConstraint(
                condition=Q(trigger__in=["message", "menu", "follow", "scan", "enter"]),
                name="send_window_trigger_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_trigger_display()} · {self.left}"
