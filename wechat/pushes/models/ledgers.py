"""What may be sent: the ledgers that a message is taken from before it is sent."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import OfficialAccount


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
