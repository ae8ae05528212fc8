"""The model of acknowledgements, which hide things that wait for a person."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount


class Acknowledgement(models.Model):
    """The newest row of a kind (of ``accounts.staff.todo``) up to which somebody said that all were seen."""

    account = models.ForeignKey(OfficialAccount, models.CASCADE, related_name="+", verbose_name=_("account"))
    kind = models.CharField(max_length=40)
    up_to = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("acknowledgement")
        verbose_name_plural = _("acknowledgements")
        constraints = [models.UniqueConstraint(fields=["account", "kind"], name="acknowledged_once")]

    def __str__(self) -> str:
        return f"{self.kind} ≤ {self.up_to}"
