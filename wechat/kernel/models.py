from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class CacheVersion(models.Model):
    """The number of the newest edit of some tables; triggers write it, processes compare it.

    See ``versioned_cache``.
    """

    name = models.CharField(max_length=40, primary_key=True)
    number = models.BigIntegerField()

    class Meta:
        verbose_name = "version of a cache"

    def __str__(self) -> str:
        return f"{self.name} {self.number}"


class LastTick(models.Model):
    """The single row with the time at which a worker last worked. See ``wechat.kernel.work.downtime``."""

    at = models.DateTimeField()

    class Meta:
        verbose_name = "last tick"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"


class Interruption(models.Model):
    """The number of workers that ended while they worked on one row and on no other.

    See ``wechat.kernel.work.interruptions``.
    """

    work = models.CharField(max_length=64)
    row = models.CharField(max_length=40)
    times = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = "interruption of work"
        constraints = [models.UniqueConstraint(fields=["work", "row"], name="interruption_once")]

    def __str__(self) -> str:
        return f"{self.work} {self.row}"


class Hold(models.Model):
    """A pause of one kind of background work of one account, merchant or receiver.

    ``work`` is the name of the kind, ``subject`` the id of the account, merchant or receiver; ``part`` tells
    apart the APIs that one kind calls. Until ``until`` none of these rows is claimed; then one of them is
    tried, and the hold is deleted when the other side answers. ``until`` is empty while failures are only
    counted and the circuit is closed. See ``wechat.kernel.work``.
    """

    class Cause(models.TextChoices):
        QUOTA = "quota", _("The calls of the day are used up")
        RATE = "rate", _("Too many calls in a minute")
        ACCOUNT = "account", _("WeChat refuses this for the whole account")
        AWAY = "away", _("The other side cannot be reached")

    work = models.CharField(_("work"), max_length=64)
    part = models.CharField(_("called by"), max_length=32, blank=True)
    subject = models.BigIntegerField(_("whose"))
    cause = models.CharField(_("cause"), max_length=12, choices=Cause.choices)
    errcode = models.IntegerField(_("error code"), null=True, blank=True)
    error = models.TextField(_("error"), blank=True)
    since = models.DateTimeField(_("held since"))
    until = models.DateTimeField(_("held until"), null=True, blank=True)
    failures = models.PositiveIntegerField(_("failures"), default=0)
    probes = models.PositiveIntegerField(_("tries since"), default=0)

    class Meta:
        verbose_name = _("held work")
        verbose_name_plural = _("held work")
        constraints = [
            models.UniqueConstraint(fields=["work", "part", "subject"], name="hold_once"),
            models.CheckConstraint(
                condition=Q(cause__in=["quota", "rate", "account", "away"]), name="hold_cause_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.work} {self.part} {self.subject}".replace("  ", " ")
