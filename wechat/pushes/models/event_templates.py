from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.official.models import OfficialAccount
from wechat.pushes.models.templates import Template


class EventTemplate(models.Model):
    """A message that goes out whenever something happens, as when an order is paid.

    ``values`` has a text for each field of the template; ``{amount}`` in it is the event's own word.
    """

    account = models.ForeignKey(OfficialAccount, models.CASCADE, verbose_name=_("account"))
    event = models.CharField(_("event"), max_length=40)
    template = models.ForeignKey(Template, models.CASCADE, verbose_name=_("template"))
    values = models.JSONField(_("values"), default=dict, blank=True)
    url = models.CharField(_("link"), max_length=500, blank=True)
    enabled = models.BooleanField(_("enabled"), default=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("automatic message")
        verbose_name_plural = _("automatic messages")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "event", "template"],
                name="event_template_once",
                violation_error_message=_("This template is sent for this event already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.event} · {self.template}"
