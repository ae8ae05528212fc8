from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from wechat.kernel.work import WorkRow


class Receipt(WorkRow):
    """The platform's delivery receipt for a message it had accepted, until it is joined to the push.

    It may arrive before the message id is stored here, so it is retried until the push is found.
    """

    account = models.ForeignKey(OfficialAccount, models.CASCADE, verbose_name=_("account"))
    msgid = models.BigIntegerField(_("message ID"))
    # Empty for a delivered message; otherwise a reason of ``Push``.
    reason = models.CharField(_("reason"), max_length=16, blank=True)
    status = models.CharField(_("status"), max_length=120)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta(WorkRow.Meta):
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints = [
            models.UniqueConstraint(fields=["account", "msgid"], name="receipt_once"),
            models.CheckConstraint(condition=~Q(status=""), name="receipt_says_something"),
        ]

    def __str__(self) -> str:
        return self.status
