"""The models of mass sends, their calls, recipients, reports and previews.

Reference: WeChat reference 11 Mass send, 2.3 MASSSENDJOBFINISH.
"""

import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.followers.handles import handle_name
from accounts.followers.models import Segment, Tag
from accounts.followers.segments import fingerprint_of
from accounts.official.models import OfficialAccount
from wechat.articles.models import Draft
from wechat.contents.models import HasContent
from wechat.kernel.work import WorkRow, policy
from wechat.sdk.errors import Cause

ARTICLES = "mpnews"


class MassSend(HasContent, WorkRow):
    """A mass send: one content to many followers.

    draft → scheduled → sending → confirming → accepted → done | failed | uncertain; done → deleted.
    ``due_at`` is when a scheduled mass send begins. From then on its state follows from its calls.
    """

    class Target(models.TextChoices):
        ALL = "all", _("Everybody")
        TAG = "tag", _("A tag")
        SEGMENT = "segment", _("A segment")
        LIST = "list", _("A list of OpenIDs")

    class State(models.TextChoices):
        DRAFT = "draft", _("Being written")
        SCHEDULED = "scheduled", _("Planned")
        SENDING = "sending", _("Being handed over")
        CONFIRMING = "confirming", _("Waits for an administrator")
        ACCEPTED = "accepted", _("WeChat is sending it")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        UNCERTAIN = "uncertain", _("Uncertain")
        DELETED = "deleted", _("Deleted")

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="mass_sends", verbose_name=_("account")
    )
    name = models.CharField(_("name"), max_length=60, help_text=_("For you to find it by."))
    target = models.CharField(_("to whom"), max_length=8, choices=Target.choices, default=Target.TAG)
    tag = models.ForeignKey(
        Tag, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("tag")
    )
    segment = models.ForeignKey(
        Segment, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("segment")
    )
    openids = ArrayField(models.CharField(max_length=64), default=list, blank=True, editable=False)
    draft = models.ForeignKey(
        Draft, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("article")
    )
    # The revision of the article when the mass send was planned: later changes were reviewed by nobody.
    draft_revision = models.PositiveIntegerField(null=True, blank=True, editable=False)
    # What the segment asked then, likewise.
    segment_fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    # Further pictures of a message of several; the first is ``asset``.
    pictures = ArrayField(models.BigIntegerField(), default=list, blank=True, editable=False)
    recommend = models.CharField(_("words with the pictures"), max_length=100, blank=True)
    ignore_reprint = models.BooleanField(
        _("send even if judged a reprint"),
        default=False,
        help_text=_("Otherwise WeChat sends nothing when it finds that an article is somebody else's."),
    )
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.DRAFT, editable=False
    )
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    # The planned time; ``due_at`` is the end of a lease while a worker begins the mass send.
    starts_at = models.DateTimeField(_("planned for"), null=True, blank=True, editable=False)
    started_at = models.DateTimeField(_("begun"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("mass send")
        verbose_name_plural = _("mass sends")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="scheduled", due_at__isnull=False)
                | (~Q(state="scheduled") & Q(due_at__isnull=True)),
                name="mass_send_due_while_scheduled",
            ),
        ]
        indexes = [
            *WorkRow.Meta.indexes,
            models.Index(fields=["account", "-id"], name="mass_send_newest"),
        ]

    def __str__(self) -> str:
        return self.name

    def on_failure(self, error: object) -> dict[str, Any]:
        return {"state": self.State.FAILED}

    @property
    def words(self) -> str:
        return f"[{_('Article')}] {self.draft}" if self.draft else super().words

    @property
    def is_articles(self) -> bool:
        return self.kind == ARTICLES

    @property
    def may_be_edited(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_article_changed(self) -> bool:
        """Returns whether the article was changed after the mass send was planned."""
        planned = self.draft_revision
        return self.draft is not None and planned is not None and self.draft.revision != planned

    @property
    def is_segment_changed(self) -> bool:
        """Returns whether the segment asks something else than when the mass send was planned."""
        return bool(self.segment_fingerprint) and fingerprint_of(self.segment) != self.segment_fingerprint

    @property
    def is_under_way(self) -> bool:
        """Returns whether the state will change soon without anybody's action."""
        return self.is_starting or self.state in (
            self.State.SENDING,
            self.State.CONFIRMING,
            self.State.ACCEPTED,
        )

    @property
    def is_starting(self) -> bool:
        """Returns whether the planned time has come; an overdue mass send waits for a person instead."""
        if self.state != self.State.SCHEDULED or self.starts_at is None:
            return False
        late = timezone.now() - self.starts_at
        return datetime.timedelta() <= late < settings.OVERDUE_SENDS_ASK_AFTER

    @property
    def may_be_deleted_there(self) -> bool:
        """Returns whether WeChat can delete the mass send: only articles and videos that it has accepted."""
        return self.kind in (ARTICLES, "video") and self.state in (self.State.ACCEPTED, self.State.DONE)


class MassCall(WorkRow):
    """One API call of a mass send: to everybody, to a tag, or to at most 10,000 openids.

    waiting → sending → (confirming) → accepted → done | failed | uncertain; accepted, done → deleting →
    deleted. ``due_at`` is when the call has to be processed, or when the lease on it ends. ``clientmsgid`` is
    fixed before the first attempt: the platform drops a repeat.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Being handed over")
        CONFIRMING = "confirming", _("Waits for an administrator")
        ACCEPTED = "accepted", _("WeChat is sending it")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        UNCERTAIN = "uncertain", _("Uncertain")
        DELETING = "deleting", _("Being deleted")
        DELETED = "deleted", _("Deleted")

    send = models.ForeignKey(MassSend, models.CASCADE, related_name="calls", verbose_name=_("mass send"))
    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False, related_name="+")
    number = models.PositiveIntegerField(_("part"))
    clientmsgid = models.CharField(max_length=32, unique=True, editable=False)
    body: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(editable=False)
    tag_id = models.PositiveIntegerField(null=True, blank=True, editable=False)
    # The expected number of receivers; 0 if it is not known.
    size = models.PositiveIntegerField(_("receivers"), default=0)

    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.WAITING)
    # When the first attempt began that the platform may have accepted.
    tried_at = models.DateTimeField(null=True, blank=True, editable=False)
    msg_id = models.BigIntegerField(_("message ID"), null=True, blank=True, editable=False)
    msg_data_id = models.BigIntegerField(null=True, blank=True, editable=False)

    # From the report MASSSENDJOBFINISH; the counts may be slightly off.
    status = models.CharField(_("result"), max_length=40, blank=True)
    total = models.PositiveIntegerField(_("in the target"), null=True, blank=True)
    filtered = models.PositiveIntegerField(_("may receive it"), null=True, blank=True)
    sent = models.PositiveIntegerField(_("received it"), null=True, blank=True)
    errors = models.PositiveIntegerField(_("not delivered"), null=True, blank=True)
    check_state = models.PositiveIntegerField(null=True, blank=True, editable=False)
    checks = models.JSONField(default=list, blank=True, editable=False)
    urls = ArrayField(models.TextField(), default=list, blank=True, editable=False)
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("part of a mass send")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["send", "number"], name="mass_call_once"),
            models.UniqueConstraint(
                fields=["account", "msg_id"], name="mass_call_by_msg_id", condition=Q(msg_id__isnull=False)
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["waiting", "sending", "confirming", "accepted", "deleting"],
                    due_at__isnull=False,
                )
                | Q(state__in=["done", "failed", "uncertain", "deleted"], due_at__isnull=True),
                name="mass_call_due_while_open",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "done", "deleting", "deleted"]) | Q(msg_id__isnull=False),
                name="mass_call_accepted_has_msg_id",
            ),
        ]
        indexes = [
            *WorkRow.Meta.indexes,
            # What counts towards the month's allowance.
            models.Index(
                fields=["account", "accepted_at"],
                name="mass_call_accepted",
                condition=Q(accepted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.send_id}-{self.number}"

    def on_failure(self, error: object) -> dict[str, Any]:
        """Returns the fields to change after a failure.

        Content that could not be deleted is still published; of an accepted call only the result is unknown.
        """
        if self.state == self.State.DELETING:
            return {"state": self.State.DONE}
        is_unknown = self.state == self.State.ACCEPTED or (
            self.tried_at is not None and policy.cause_of(error) != Cause.ROW
        )
        state = self.State.UNCERTAIN if is_unknown else self.State.FAILED
        return {"state": state, "finished_at": timezone.now()}


class MassRecipient(models.Model):
    """A follower to whom one call goes; the allowance of the month is counted from these rows."""

    call = models.ForeignKey(MassCall, models.CASCADE, related_name="recipients")
    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False, related_name="+")
    openid = models.CharField(max_length=64)
    # When the follower was selected: decides in which month the message counts.
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("receiver of a mass send")
        constraints = [models.UniqueConstraint(fields=["call", "openid"], name="mass_recipient_once")]
        indexes = [models.Index(fields=["account", "openid", "at"], name="mass_recipient_month")]

    def __str__(self) -> str:
        return handle_name(self.openid)


class MassReport(models.Model):
    """A MASSSENDJOBFINISH as received, kept because its call may learn the message id only later."""

    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False, related_name="+")
    msg_id = models.BigIntegerField()
    values: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField()
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("report of a mass send")
        constraints = [models.UniqueConstraint(fields=["account", "msg_id"], name="mass_report_once")]

    def __str__(self) -> str:
        return str(self.msg_id)


class MassPreview(WorkRow):
    """A preview of a mass send for one WeChat ID."""

    send = models.ForeignKey(MassSend, models.CASCADE, related_name="previews")
    wechat_id = models.CharField(_("WeChat ID"), max_length=40)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(WorkRow.Meta):
        verbose_name = _("preview of a mass send")

    def __str__(self) -> str:
        return self.wechat_id
