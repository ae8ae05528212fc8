from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.official.models import OfficialAccount
from wechat.pushes.models.templates import Template


class EventTemplate(models.Model):
    """An automatic message, sent whenever an event happens, such as a paid order.

    ``values`` maps the template's fields to texts; ``{amount}`` in them is replaced by the event's value.
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
