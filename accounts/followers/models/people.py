"""The models of names that other apps know for a person, and of staff who are followers."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount


class GivenName(models.Model):
    """The name somebody gave of their own accord, as in an order; they may never have followed."""

    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False, related_name="+")
    openid = models.CharField(_("OpenID"), max_length=64)
    name = models.CharField(_("name"), max_length=64)

    class Meta:
        verbose_name = _("given name")
        verbose_name_plural = _("given names")
        constraints = [
            models.UniqueConstraint(fields=["account", "openid"], name="given_name_once_per_person")
        ]

    def __str__(self) -> str:
        return self.name


class OwnWeChat(models.Model):
    """The WeChat that a member of staff tries things out with, in one account.

    ``scene`` is that of the newest code. It waits for their scan until ``expires_at``, which is empty once it
    was scanned; ``openid`` is empty until the first scan.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("member of staff")
    )
    account = models.ForeignKey(OfficialAccount, models.CASCADE, related_name="+", verbose_name=_("account"))
    openid = models.CharField(_("OpenID"), max_length=64, blank=True)
    scene = models.CharField(max_length=64, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("WeChat of a member of staff")
        verbose_name_plural = _("WeChats of the staff")
        constraints = [
            models.UniqueConstraint(fields=["user", "account"], name="own_wechat_once_per_account"),
            models.UniqueConstraint(fields=["scene"], name="own_wechat_scene_once", condition=~Q(scene="")),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.account}"

    @property
    def is_over(self) -> bool:
        """Returns whether the code that waits for a scan can no longer be scanned."""
        return self.expires_at is None or self.expires_at <= timezone.now()

    def is_bound_to(self, openid: str) -> bool:
        """Returns whether it was this WeChat that scanned the newest code."""
        return self.openid == openid and self.expires_at is None
