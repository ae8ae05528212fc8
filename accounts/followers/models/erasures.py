"""The model of erasures: who was erased, and when, so that older data of theirs is not written again."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount


class Erasure(models.Model):
    """The erasure of a person at a moment: data from before it is not written again."""

    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False, related_name="+")
    openid = models.CharField(_("OpenID"), max_length=64)
    at = models.DateTimeField(_("erased"))

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        constraints = [models.UniqueConstraint(fields=["account", "openid"], name="erased_once_per_account")]

    def __str__(self) -> str:
        return self.openid
