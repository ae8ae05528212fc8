from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from wechat.kernel.work import WorkRow


class RevenueDay(WorkRow):
    """A day (Asia/Shanghai) with payments, due when its sums have to be computed.

    That is once the day is over, and again after a payment or refund that changes it. While it is due, its
    sums are read from the orders.
    """

    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False)
    day = models.DateField(_("day"))

    class Meta(WorkRow.Meta):
        verbose_name = _("day of revenue")
        verbose_name_plural = _("days of revenue")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "day"], name="revenue_day_once"),
        ]

    def __str__(self) -> str:
        return str(self.day)


class RevenueSum(models.Model):
    """The sum of the orders paid on a past day: of all of them, and by each value of a facet.

    Amounts in fen. ``refunded`` is what was refunded of these orders at any time.
    """

    class Facet(models.TextChoices):
        WHOLE = "", _("all")
        ITEM = "item", _("item")
        WAY = "way", _("way")
        SOURCE = "source", _("made by")
        MERCHANT = "merchant", _("merchant")
        CHANNEL = "channel", _("channel")

    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False)
    day = models.DateField(_("day"))
    facet = models.CharField(max_length=10, choices=Facet.choices, blank=True)
    value = models.CharField(max_length=64, blank=True)
    count = models.PositiveIntegerField(_("orders"))
    total = models.BigIntegerField(_("amount"))
    refunded = models.BigIntegerField(_("refunded"))

    class Meta:
        verbose_name = _("sum of a day")
        verbose_name_plural = _("sums of days")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "facet", "day", "value"],
                name="revenue_sum_once",
                include=["count", "total", "refunded"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.facet} {self.value}".rstrip()
