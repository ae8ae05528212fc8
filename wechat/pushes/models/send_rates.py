from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from wechat.pushes.models.push import Push


class SendRate(models.Model):
    """The send rate that staff have set for one kind of message of an account.

    Without a row, a kind is sent at the usual rate, ``send_rates.PER_SECOND``.
    """

    account = models.ForeignKey(OfficialAccount, models.CASCADE, verbose_name=_("account"))
    kind = models.CharField(_("kind"), max_length=10, choices=Push.Kind.choices)
    per_second = models.PositiveIntegerField(_("messages a second"), null=True, blank=True)

    class Meta:
        verbose_name = _("sending speed")
        verbose_name_plural = _("sending speeds")
        constraints = [models.UniqueConstraint(fields=["account", "kind"], name="send_rate_once")]

    def __str__(self) -> str:
        return self.get_kind_display()
