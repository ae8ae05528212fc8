from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from wechat.api.models import ApiClient
from wechat.kernel.secrets import HasSecrets, SecretField
from wechat.pushes.models.push import Push


class StatusWebhook(HasSecrets):
    """Where a business system is told what became of the messages it asked for."""

    client = models.OneToOneField(
        ApiClient, models.CASCADE, related_name="status_webhook", verbose_name=_("API client")
    )
    url = models.CharField(
        _("address"),
        max_length=500,
        validators=[RegexValidator(r"^https?://\S+$", _("An address begins with https:// or http://."))],
    )
    secret = SecretField(_("signing secret"))

    class Meta:
        verbose_name = _("status webhook")
        verbose_name_plural = _("status webhooks")

    def __str__(self) -> str:
        return self.url


class StatusReport(models.Model):
    """One state of a push on its way to who asked for it."""

    webhook = models.ForeignKey(StatusWebhook, models.CASCADE, related_name="reports")
    push = models.ForeignKey(Push, models.CASCADE, related_name="reports")
    state = models.CharField(_("state"), max_length=12)
    attempts = models.PositiveSmallIntegerField(default=0)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("status report")
        verbose_name_plural = _("status reports")
        constraints = [models.UniqueConstraint(fields=["push", "state"], name="status_report_once")]
        indexes = [
            models.Index(fields=["due_at"], name="status_report_due", condition=Q(due_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.push_id} {self.state}"
