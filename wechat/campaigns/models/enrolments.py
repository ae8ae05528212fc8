"""The models of people in a sequence, and of each step's result for them."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.followers.handles import handle_name
from accounts.official.models import OfficialAccount
from wechat.campaigns.models.sequences import Sequence, SequenceStep
from wechat.kernel.work import WorkRow
from wechat.pushes.models import Push


class Enrolment(WorkRow):
    """A follower in a sequence, once for each occasion.

    running ⇄ paused → finished | stopped. ``due_at`` is when a running one is looked at; what is next for it
    and whether that is due is worked out then, from the steps that were done (``StepRun``) and ``since``, so
    that changed steps count for all who have not reached them. ``step`` is what it waited for at the last
    look. ``occasion`` is what nobody enters twice for: see ``sequences.entering``.
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
    occasion = models.CharField(max_length=120)
    # What it began with, as ``follow:812``.
    began_with = models.CharField(max_length=120, blank=True, default="")
    step = models.ForeignKey(
        SequenceStep,
        models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("waits for"),
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.RUNNING)
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices, blank=True)
    # When the last step was done, or was due if that was a moment before; the beginning before any.
    since = models.DateTimeField(_("last step"))
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
            models.CheckConstraint(
                condition=Q(step=None) | Q(state__in=["running", "paused"]), name="enrolment_waits_while_open"
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
            models.Index(fields=["step", "-id"], name="enrolment_by_step", condition=Q(step__isnull=False)),
        ]

    def __str__(self) -> str:
        return handle_name(self.openid)

    @property
    def is_open(self) -> bool:
        """Returns whether somebody is in the sequence, on their way or waiting."""
        return self.state in (self.State.RUNNING, self.State.PAUSED)

    def on_failure(self, error: object) -> dict[str, Any]:
        return {
            "state": self.State.STOPPED,
            "reason": self.Reason.FAULT,
            "step": None,
            "ended_at": timezone.now(),
        }


class StepRun(models.Model):
    """The result of one step for one follower: a push, the lane they took, or why nothing was done."""

    class Skipped(models.TextChoices):
        NO_WINDOW = "no_window", _("No message was allowed, and there is no template instead.")
        RECENTLY = "recently", _("Something else was sent to them too short a time before.")
        DELETED = "deleted", _("What the step needs was deleted.")
        NO_FOLLOWER = "stranger", _("Nothing is known of the follower.")

    enrolment = models.ForeignKey(Enrolment, models.CASCADE, related_name="runs")
    step = models.ForeignKey(SequenceStep, models.CASCADE, related_name="runs", db_index=False)
    push = models.ForeignKey(Push, models.SET_NULL, null=True, related_name="+")
    lane = models.CharField(
        _("lane"), max_length=3, choices=SequenceStep.Lane.choices, blank=True, default=""
    )
    skipped = models.CharField(max_length=10, choices=Skipped.choices, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    tapped_at = models.DateTimeField(_("tapped"), null=True)

    class Meta:
        verbose_name = _("step done in a sequence")
        constraints = [models.UniqueConstraint(fields=["step", "enrolment"], name="step_run_once")]
        indexes = [
            models.Index(fields=["step", "-id"], name="step_run_tapped", condition=Q(tapped_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.enrolment_id}:{self.step_id}"
