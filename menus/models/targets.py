"""The models of the targets of buttons: mini programs, and checked addresses."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from wechat.kernel.work import WorkRow


class MiniProgram(models.Model):
    """A mini program that buttons may open. ``linked`` is ``None`` until somebody, or publishing, tells."""

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="linked_miniprograms", verbose_name=_("account")
    )
    appid = models.CharField(
        _("AppID"),
        max_length=32,
        validators=[
            RegexValidator(r"\Awx[0-9a-f]{16}\Z", _("An AppID is wx and 16 small letters a-f or digits."))
        ],
    )
    name = models.CharField(_("name"), max_length=60)
    linked = models.BooleanField(
        _("linked"),
        null=True,
        blank=True,
        help_text=_(
            "Link it on mp.weixin.qq.com first, under 小程序管理. A publication corrects what is said here."
        ),
    )

    class Meta:
        verbose_name = _("mini program for menus")
        verbose_name_plural = _("mini programs for menus")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["account", "appid"], name="menu_miniprogram_once")]

    def __str__(self) -> str:
        return self.name


class LinkCheck(WorkRow):
    """A check whether an address that a button opens can be opened; a worker looks now and then."""

    url = models.CharField(_("address"), max_length=1024, unique=True)
    status = models.PositiveSmallIntegerField(_("status"), null=True, blank=True)
    checked_at = models.DateTimeField(_("checked"), null=True, blank=True)

    class Meta(WorkRow.Meta):
        verbose_name = _("checked address")
        verbose_name_plural = _("checked addresses")

    def __str__(self) -> str:
        return self.url

    @property
    def is_dead(self) -> bool:
        """Returns whether the page was looked at and is gone or does not answer.

        A page for WeChat's own browser may well refuse another one: that is no reason to warn.
        """
        gone = self.status is None or self.status in (404, 410) or self.status >= 500
        return self.checked_at is not None and gone
