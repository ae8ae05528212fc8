"""The models of work on followers: synchronisation, changes for the platform, bulk jobs.

Every row with a ``due_at`` is work, claimed by a lease (``wechat.kernel.work``).
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.followers.models.followers import Follower, Tag
from accounts.official.models import OfficialAccount
from wechat.kernel.work import WorkRow, finished_is_not_due

DUE = models.Q(due_at__isnull=False)


class FollowerSync(WorkRow):
    """One run over the platform's list of followers, and where it stands.

    A full run reads the whole list and notices who left; an incremental one reads on where the last one
    ended.
    """

    class Kind(models.TextChoices):
        FULL = "full", _("everybody")
        INCREMENTAL = "incremental", _("new followers")

    class Step(models.TextChoices):
        TAGS = "tags", _("reading the tags")
        LISTING = "listing", _("reading the list")
        PROFILES = "profiles", _("reading the profiles")
        LEAVING = "leaving", _("noting who left")
        BLACKLIST = "blacklist", _("reading the blacklist")
        DONE = "done", _("done")
        STOPPED = "stopped", _("stopped")

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="syncs", verbose_name=_("account")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.FULL)
    step = models.CharField(_("step"), max_length=12, choices=Step.choices, default=Step.TAGS)
    # The last openid listed, which is the platform's own cursor; the last listed row whose profile was read.
    cursor = models.CharField(max_length=64, blank=True)
    profiled_to = models.BigIntegerField(default=0)
    total = models.PositiveIntegerField(_("followers on WeChat"), default=0)
    listed = models.PositiveIntegerField(_("listed"), default=0)
    repeated = models.PositiveIntegerField(_("named twice"), default=0)
    profiled = models.PositiveIntegerField(_("profiles read"), default=0)
    added = models.PositiveIntegerField(_("new here"), default=0)
    left = models.PositiveIntegerField(_("left"), default=0)
    created_at = models.DateTimeField(_("asked for"), default=timezone.now)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    # Profiles a second, of late.
    rate = models.FloatField(default=0)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    # What was odd but survived.
    remarks = models.JSONField(default=list, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("synchronisation")
        verbose_name_plural = _("synchronisations")
        constraints = [
            # The platform's quotas are the account's: two runs at once would only eat each other's.
            models.UniqueConstraint(fields=["account"], condition=DUE, name="one_open_sync_per_account"),
            finished_is_not_due("sync_not_due_once_ended", "done", "stopped", field="step"),
        ]
        indexes = [
            *WorkRow.Meta.indexes,
            models.Index(fields=["account", "-id"], name="sync_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.account} · {self.get_kind_display()} · {self.created_at:%Y-%m-%d %H:%M}"

    def on_failure(self, error: object) -> dict[str, Any]:
        return {"step": self.Step.STOPPED, "finished_at": timezone.now()}

    def give_up(self, error: object, **changes: Any) -> bool:
        """Gives up the run; what it had listed goes with it. Returns whether it was still this worker's."""
        is_over = super().give_up(error, **changes)
        if is_over:
            ListedOpenid.objects.filter(sync=self).delete()
        return is_over

    @property
    def is_open(self) -> bool:
        return self.due_at is not None


class ListedOpenid(models.Model):
    """An openid the platform listed in a run; the rows go when the run ends."""

    sync = models.ForeignKey(FollowerSync, models.CASCADE, related_name="openids", db_index=False)
    openid = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sync", "openid"], name="listed_once_per_sync")]
        indexes = [models.Index(fields=["sync", "id"], name="listed_in_order")]

    def __str__(self) -> str:
        return self.openid


class BulkJob(WorkRow):
    """A task on many followers in the background, with what became of each follower for whom it failed."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="jobs", verbose_name=_("account")
    )
    # The name of a registered kind of job (``accounts.followers.jobs``), and what it was told.
    kind = models.CharField(_("what"), max_length=40)
    details = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    cursor = models.BigIntegerField(default=0)
    total = models.PositiveIntegerField(_("of"), default=0)
    # Followers or rows gone through here; changes that the platform has taken; either that failed.
    processed = models.PositiveIntegerField(_("done"), default=0)
    sent = models.PositiveIntegerField(_("on WeChat"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)
    source = models.FileField(_("file"), upload_to="imports/%Y/%m/", blank=True, max_length=200)
    result = models.FileField(_("result"), upload_to="exports/%Y/%m/", blank=True, max_length=200)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("member of staff"),
    )
    created_at = models.DateTimeField(_("asked for"), default=timezone.now)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        constraints = [finished_is_not_due("job_not_due_once_ended", "done", "failed")]
        indexes = [
            *WorkRow.Meta.indexes,
            models.Index(fields=["account", "-id"], name="job_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.created_at:%Y-%m-%d %H:%M}"

    def on_failure(self, error: object) -> dict[str, Any]:
        return {"state": self.State.FAILED, "finished_at": timezone.now()}

    @property
    def is_open(self) -> bool:
        return self.due_at is not None


class JobFault(models.Model):
    """A row of a file, or a follower, that a job could not do, and why."""

    job = models.ForeignKey(BulkJob, models.CASCADE, related_name="faults", db_index=False)
    row = models.PositiveIntegerField(_("row"), default=0)
    openid = models.CharField(_("OpenID"), max_length=64, blank=True)
    reason = models.TextField(_("reason"))

    class Meta:
        indexes = [models.Index(fields=["job", "id"], name="fault_in_order")]

    def __str__(self) -> str:
        return self.reason


class Change(WorkRow):
    """One thing about one follower that the platform is to be told; gone once the platform has it.

    ``desired`` is the newest desired value: "yes" or "no" for a tag and the blacklist, the text for a remark.
    """

    class Kind(models.TextChoices):
        TAG = "tag", _("tag")
        REMARK = "remark", _("remark")
        BLACKLIST = "blacklist", _("blacklist")

    account = models.ForeignKey(OfficialAccount, models.CASCADE, related_name="+", db_index=False)
    follower = models.ForeignKey(Follower, models.CASCADE, related_name="changes", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    tag = models.ForeignKey(Tag, models.CASCADE, null=True, blank=True, related_name="+")
    desired = models.CharField(max_length=30, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    job = models.ForeignKey(BulkJob, models.SET_NULL, null=True, blank=True, related_name="changes")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["follower", "kind", "tag"], nulls_distinct=False, name="one_change_per_subject"
            )
        ]
        indexes = [
            # A job makes a million of the same moment: those are found in order, not sorted for each claim.
            models.Index(fields=["due_at", "id"], name="change_due", condition=DUE),
            models.Index(fields=["account", "-id"], name="change_failed", condition=~DUE),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.desired}"

    @property
    def has_failed(self) -> bool:
        return self.due_at is None
