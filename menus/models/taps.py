"""The models of taps and their counts."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from menus.models.menus import Version
from wechat.inbox.models import InboundMessage


class Tap(models.Model):
    """A tap, by the message that told of it: counted when the row is made, so once."""

    message = models.OneToOneField(
        InboundMessage, models.CASCADE, db_constraint=False, primary_key=True, related_name="+"
    )
    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False)
    version = models.ForeignKey(Version, models.CASCADE, db_index=False)
    uid = models.CharField(max_length=16)
    openid = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("tap")
        verbose_name_plural = _("taps")
        indexes = [models.Index(fields=["account", "openid", "-at"], name="menu_tap_of_follower")]

    def __str__(self) -> str:
        return f"{self.uid} · {self.openid}"


class Tapper(models.Model):
    """A follower who tapped a button of a version at least once."""

    version = models.ForeignKey(Version, models.CASCADE, db_index=False)
    uid = models.CharField(max_length=16)
    openid = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("follower who tapped")
        verbose_name_plural = _("followers who tapped")
        constraints = [models.UniqueConstraint(fields=["version", "uid", "openid"], name="menu_tapper_once")]

    def __str__(self) -> str:
        return f"{self.uid} · {self.openid}"


class TapDay(models.Model):
    """A button's taps on one day (Asia/Shanghai); ``followers`` are those who never tapped it before."""

    version = models.ForeignKey(Version, models.CASCADE, db_index=False, related_name="tap_days")
    uid = models.CharField(max_length=16)
    day = models.DateField()
    taps = models.PositiveIntegerField(default=0)
    followers = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("taps of a day")
        verbose_name_plural = _("taps by day")
        constraints = [models.UniqueConstraint(fields=["version", "uid", "day"], name="menu_tap_day_once")]

    def __str__(self) -> str:
        return f"{self.uid} · {self.day} · {self.taps}"
