from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from wechat.kernel.work import WorkRow


class StaffNotice(WorkRow):
    """A member of staff who is notified by an account in their own WeChat when something new waits.

    ``counted`` maps the names of kinds of waiting things to their numbers at the last look.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("member of staff")
    )
    account = models.ForeignKey(OfficialAccount, models.CASCADE, related_name="+", verbose_name=_("account"))
    counted: "models.JSONField[dict[str, int], dict[str, int]]" = models.JSONField(default=dict)

    class Meta(WorkRow.Meta):
        verbose_name = _("notice to a member of staff")
        verbose_name_plural = _("notices to members of staff")
        constraints = [
            models.UniqueConstraint(fields=["user", "account"], name="staff_notice_once_per_account")
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.account}"
