"""The models of the platform's statistics, as it reported them."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from wechat.kernel.work import WorkRow
from wechat.sdk.calls.datacube import Dataset


class PlatformDay(WorkRow):
    """A day (Asia/Shanghai) of one of the platform's statistics; due when it has to be read, or read again.

    ``rows`` are the platform's own; ``read_at`` is empty until they were read.
    """

    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False)
    dataset = models.CharField(max_length=16, choices=[(each.name, each.path) for each in Dataset])
    day = models.DateField(_("day"))
    rows = models.JSONField(default=list)
    read_at = models.DateTimeField(_("read"), null=True)

    class Meta(WorkRow.Meta):
        verbose_name = _("day of the platform's statistics")
        verbose_name_plural = _("days of the platform's statistics")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "dataset", "day"], name="platform_day_once")
        ]

    def __str__(self) -> str:
        return f"{self.dataset} {self.day}"
