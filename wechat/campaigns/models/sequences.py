"""Sequences: messages that follow one another after something happened, and who is in them."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from wechat.channels.models import Channel
from wechat.contents.models import HasContent
from wechat.kernel.work import WorkRow
from wechat.pushes.models import Push, Template


class Sequence(models.Model):
    """Its steps go to everybody for whom ``trigger`` happens, at their delays."""

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="sequences", verbose_name=_("account")
    )
    name = models.CharField(_("name"), max_length=60)
    enabled = models.BooleanField(
        _("on"),
        default=False,
        help_text=_("Off: nobody new enters, and those inside wait where they are until it is on again."),
    )
    # A name of ``sequences.triggers``.
    trigger = models.CharField(_("begins when"), max_length=40, default="follow")
    channel = models.ForeignKey(
        Channel,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("channel"),
        help_text=_("Only those who scanned this one. Empty: any channel."),
    )
    priority = models.PositiveSmallIntegerField(
        _("priority"),
        default=10,
        help_text=_("A follower is in one sequence at a time: the higher number first, the others wait."),
    )
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(
        _("quiet until"), null=True, blank=True, help_text=_("What falls into this time goes out at its end.")
    )
    stop_on_reply = models.BooleanField(_("stop when the follower writes"), default=True)
    stop_on_purchase = models.BooleanField(_("stop when the follower pays"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("sequence")
        verbose_name_plural = _("sequences")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "name"],
                name="sequence_name_once",
                violation_error_message=_("There is a sequence of this name already."),
            ),
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="sequence_quiet_has_both_ends",
                violation_error_message=_("The quiet time needs a beginning and an end, or neither."),
            ),
        ]
        indexes = [models.Index(fields=["account", "trigger"], name="sequence_by_trigger")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.quiet_from is not None and self.quiet_from == self.quiet_until:
            sentence = _("The quiet time must end at another time than it begins.")
            raise ValidationError({"quiet_until": sentence})


class SequenceStep(HasContent):
    """One message, so long after the one before it; ``template`` goes out where the content may not.

    ``values`` has a text for each field of the template, filled in on a page of its own.
    """

    class Unit(models.IntegerChoices):
        MINUTES = 1, _("minutes")
        HOURS = 60, _("hours")
        DAYS = 1440, _("days")

    sequence = models.ForeignKey(Sequence, models.CASCADE, related_name="steps", verbose_name=_("sequence"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    wait = models.PositiveIntegerField(
        _("wait"), default=0, help_text=_("After the message before it; for the first, after the beginning.")
    )
    unit = models.PositiveSmallIntegerField(_("unit"), choices=Unit.choices, default=Unit.MINUTES)
    template = models.ForeignKey(
        Template,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("template instead"),
        help_text=_("Goes out when the time for a customer-service message is over."),
    )
    values = models.JSONField(default=dict, blank=True, editable=False)
    link = models.CharField(max_length=500, blank=True, editable=False)

    class Meta:
        verbose_name = _("message of it")
        verbose_name_plural = _("Messages, in this order")
        ordering = ["position", "id"]

    @property
    def has_template(self) -> bool:
        """Returns whether there is a template that is filled in."""
        return self.template is not None and all(field.name in self.values for field in self.template.fields)


class Enrolment(WorkRow):
    """A follower in a sequence, once for each occasion.

    running ⇄ paused → finished | stopped. ``due_at`` is when a running one is looked at; whether its next
    step is due is worked out then, from ``since``, so that changed steps count for all who have not reached
    them.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("in it")
        PAUSED = "paused", _("waits")
        FINISHED = "finished", _("got all")
        STOPPED = "stopped", _("stopped")

    class Reason(models.TextChoices):
        REPLIED = "replied", _("wrote to us")
        PURCHASED = "purchased", _("has paid")
        LEFT = "left", _("has left")
        REMOVED = "removed", _("taken out")
        FAULT = "fault", _("a fault of this console")

    sequence = models.ForeignKey(
        Sequence, models.CASCADE, related_name="enrolments", db_index=False, verbose_name=_("sequence")
    )
    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False, related_name="+")
    openid = models.CharField(_("OpenID"), max_length=64)
    # What it began with, as ``follow:812``.
    occasion = models.CharField(max_length=120)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.RUNNING)
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices, blank=True)
    # The position of the last step done, and when that was; the beginning before any.
    reached = models.SmallIntegerField(default=-1)
    since = models.DateTimeField(_("last message"))
    began_at = models.DateTimeField(_("entered"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("follower in a sequence")
        constraints = [
            models.UniqueConstraint(fields=["sequence", "openid", "occasion"], name="enrolment_once"),
            models.CheckConstraint(
                condition=Q(state="running", due_at__isnull=False)
                | (~Q(state="running") & Q(due_at__isnull=True)),
                name="enrolment_due_while_running",
            ),
        ]
        indexes = [
            *WorkRow.Meta.indexes,
            models.Index(
                fields=["account", "openid"],
                name="enrolment_open",
                condition=Q(state__in=["running", "paused"]),
            ),
            models.Index(fields=["sequence", "state", "-id"], name="enrolment_by_state"),
        ]

    def __str__(self) -> str:
        return self.openid

    def on_failure(self, error: object) -> dict[str, Any]:
        return {"state": self.State.STOPPED, "reason": self.Reason.FAULT, "ended_at": timezone.now()}


class StepRun(models.Model):
    """What became of one step for one follower: a push, or the reason why there is none."""

    class Skipped(models.TextChoices):
        NO_WINDOW = "no_window", _("No message was allowed, and there is no template instead.")

    enrolment = models.ForeignKey(Enrolment, models.CASCADE, related_name="runs")
    step = models.ForeignKey(SequenceStep, models.CASCADE, related_name="runs", db_index=False)
    push = models.ForeignKey(Push, models.SET_NULL, null=True, related_name="+")
    skipped = models.CharField(max_length=10, choices=Skipped.choices, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("message of a sequence")
        constraints = [models.UniqueConstraint(fields=["step", "enrolment"], name="step_run_once")]

    def __str__(self) -> str:
        return f"{self.enrolment_id}:{self.step_id}"
