"""The model of erasures, which keeps the data of erased people from coming back."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount


class Erasure(models.Model):
    """A follower who was forgotten at that moment: nothing from before it is written down again."""

    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False, related_name="+")
    openid = models.CharField(_("OpenID"), max_length=64)
    at = models.DateTimeField(_("erased"))

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        constraints = [models.UniqueConstraint(fields=["account", "openid"], name="erased_once_per_account")]

    def __str__(self) -> str:
        return self.openid
