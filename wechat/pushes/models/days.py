from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount


class PushDay(models.Model):
    """The counts of the messages queued on one day; see ``pushes.counting``.

    ``failed`` includes uncertain messages. ``last_id`` is the newest id of that day or before.
    """

    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False, related_name="+")
    day = models.DateField()
    sent = models.PositiveIntegerField(default=0)
    delivered = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    last_id = models.BigIntegerField()

    class Meta:
        verbose_name = _("sent messages of a day")
        verbose_name_plural = _("sent messages by day")
        constraints = [models.UniqueConstraint(fields=["account", "day"], name="push_day_once")]

    def __str__(self) -> str:
        return f"{self.day}: {self.sent}"
