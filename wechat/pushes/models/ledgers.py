"""The ledgers of what may be sent, from which a message is taken before it is sent."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.followers.handles import handle_name
from accounts.official.models import OfficialAccount


class SendWindow(models.Model):
    """A send window: the number of messages that an action of a follower still allows, and until when.

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


class NoticeGrant(models.Model):
    """A follower's agreement to one message of a template.

    Reference: WeChat reference 10.2.
    """

    account = models.ForeignKey(OfficialAccount, models.CASCADE, verbose_name=_("account"))
    openid = models.CharField(_("OpenID"), max_length=64)
    template = models.TextField(_("template"))
    # The idempotency key of the event: handled twice, it grants once.
    key = models.CharField(max_length=300, editable=False)
    agreed_at = models.DateTimeField(_("agreed"))
    spent_at = models.DateTimeField(_("used"), null=True, blank=True)

    class Meta:
        verbose_name = _("agreement to a message")
        verbose_name_plural = _("agreements to messages")
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="notice_grant_once")]
        indexes = [
            models.Index(
                fields=["account", "template", "openid", "agreed_at"],
                name="notice_grant_unspent",
                condition=Q(spent_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return handle_name(self.openid)


class NoticeRefusal(models.Model):
    """A follower's refusal of a template's messages: earlier agreements are no longer valid."""

    account = models.ForeignKey(OfficialAccount, models.CASCADE, verbose_name=_("account"))
    openid = models.CharField(_("OpenID"), max_length=64)
    template = models.TextField(_("template"))
    refused_at = models.DateTimeField(_("refused since"))

    class Meta:
        verbose_name = _("refusal of messages")
        verbose_name_plural = _("refusals of messages")
        constraints = [
            models.UniqueConstraint(fields=["account", "template", "openid"], name="notice_refusal_once")
        ]

    def __str__(self) -> str:
        return handle_name(self.openid)
