from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import OfficialAccount
from wechat.pushes.models.push import Push


class Lane(models.Model):
    """How one kind of message of an account is sent: how quickly, and whether the platform has had enough.

    An account without a row for a kind sends it at the usual speed, ``rates.PER_SECOND``.
    """

    account = models.ForeignKey(OfficialAccount, models.CASCADE, verbose_name=_("account"))
    kind = models.CharField(_("kind"), max_length=10, choices=Push.Kind.choices)
    per_second = models.PositiveIntegerField(_("messages a second"), null=True, blank=True)
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True)
    errcode = models.IntegerField(_("error code"), null=True, blank=True)

    class Meta:
        verbose_name = _("sending speed")
        verbose_name_plural = _("sending speeds")
        constraints = [models.UniqueConstraint(fields=["account", "kind"], name="lane_once")]

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def is_paused(self) -> bool:
        return self.paused_until is not None and self.paused_until > timezone.now()
