"""The models of campaigns, their variants and the rows of their tables."""

import datetime
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.followers.handles import handle_name
from accounts.followers.models import Segment, Tag
from accounts.followers.segments import fingerprint_of
from accounts.official.models import OfficialAccount
from wechat.contents.models import HasContent
from wechat.kernel import hours
from wechat.kernel.work import WorkRow
from wechat.pushes.models import Template

# The longest frequency cap, in days.
LONGEST_CAP = 90
MOST_HELD_OUT = 50
STATES = ["draft", "waiting", "scheduled", "preparing", "running", "paused", "done", "cancelled"]


class Campaign(WorkRow):
    """A campaign: one message to many followers.

    draft → waiting → scheduled → preparing → running → done, or paused, or cancelled. Every step is a
    conditional update (``campaigns.transitions``): of two concurrent requests only one succeeds. ``due_at``
    is when a worker processes the campaign: a draft being checked, a campaign that is scheduled, being
    prepared or running, and a stopped or finished one whose outcomes and receipts still arrive.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        WAITING = "waiting", _("Waiting for approval")
        SCHEDULED = "scheduled", _("Scheduled")
        PREPARING = "preparing", _("Preparing")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    class Way(models.TextChoices):
        EITHER = "either", _("Customer-service message where the follower allows one now, else the template")
        SERVICE = "service", _("Customer-service message only")
        TEMPLATE = "template", _("Template or subscription notice only")

    class Audience(models.TextChoices):
        EVERYBODY = "everybody", _("Everybody who follows")
        SEGMENT = "segment", _("A segment")
        TAG = "tag", _("A tag")
        FILE = "file", _("OpenIDs from a table")

    class Trouble(models.TextChoices):
        """The reason why a campaign stopped by itself."""

        TEMPLATE_GONE = "template_gone", _("The template no longer exists at WeChat.")
        AUDIENCE_GONE = (
            "audience_gone",
            _("The segment or tag was deleted, or asks for something that was deleted."),
        )
        AUDIENCE_CHANGED = (
            "audience_changed",
            _("The segment was changed, or deleted, after it was worked out who gets it."),
        )
        FILE_NOT_READY = "file_not_ready", _("A file of the message is not at WeChat yet.")
        FAULT = "fault", _("It stopped at a fault of this console, which is in its log.")

    account = models.ForeignKey(OfficialAccount, models.CASCADE, verbose_name=_("account"))
    name = models.CharField(_("name"), max_length=60)
    way = models.CharField(_("by which way"), max_length=8, choices=Way.choices, default=Way.EITHER)
    template = models.ForeignKey(
        Template, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name=_("template")
    )
    audience = models.CharField(
        _("to whom"), max_length=10, choices=Audience.choices, default=Audience.EVERYBODY
    )
    segment = models.ForeignKey(
        Segment, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("segment")
    )
    tag = models.ForeignKey(
        Tag, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("tag")
    )
    # For a table: the names of its columns without the OpenID's, which are variables of the texts.
    columns = models.JSONField(default=list, blank=True, editable=False)
    # For a table: the numbers of its rows that repeat an OpenID, and that have none.
    repeated = models.PositiveIntegerField(default=0, editable=False)
    nameless = models.PositiveIntegerField(default=0, editable=False)

    starts_at = models.DateTimeField(
        _("not before"), null=True, blank=True, help_text=_("Empty: as soon as it is approved.")
    )
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    cap_days = models.PositiveSmallIntegerField(
        _("days without another message"),
        default=0,
        validators=[MaxValueValidator(LONGEST_CAP)],
        help_text=_(
            "Who was sent another message in so many days is left out, whoever sent it; answers do not "
            "count. 0: nobody is."
        ),
    )
    per_second = models.PositiveIntegerField(
        _("messages a second"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Empty: as quickly as the account may."),
    )
    held_out = models.PositiveSmallIntegerField(
        _("control group in percent"),
        default=0,
        validators=[MaxValueValidator(MOST_HELD_OUT)],
        help_text=_("So many get nothing, so that the report can compare."),
    )
    tracked = models.BooleanField(
        _("count taps"),
        default=False,
        help_text=_("Links lead through this console, which counts who taps them."),
    )

    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    trouble = models.CharField(max_length=16, choices=Trouble.choices, blank=True, editable=False)
    # Incremented by every edit and every step, so that only the version that was seen can be approved.
    version = models.PositiveIntegerField(default=0, editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+",
        verbose_name=_("written by"),
    )  # fmt: skip
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+",
        verbose_name=_("approved by"),
    )  # fmt: skip
    approved_at = models.DateTimeField(_("approved"), null=True, editable=False)
    # When the recipients were selected: for the draft, and for good once the campaign is approved.
    checked_at = models.DateTimeField(null=True, editable=False)
    # What the segment asked when the draft's were: what is approved, and sent, is for nobody else.
    segment_fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    prepared_at = models.DateTimeField(null=True, editable=False)
    # For a campaign with its own speed: its messages have due times up to this one.
    queued_until = models.DateTimeField(null=True, editable=False)
    started_at = models.DateTimeField(_("started"), null=True, editable=False)
    # When it was paused, or stopped by itself.
    stopped_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)
    # The rows of a ``counters.Tally``: outcome, reason, kind, variant and number of recipients.
    tally = models.JSONField(default=list, editable=False)
    tallied_at = models.DateTimeField(null=True, editable=False)
    # The recent speed in messages a second.
    speed = models.FloatField(default=0, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=STATES),
                name="campaign_state_known",
            ),
            models.CheckConstraint(
                condition=Q(way="service") | Q(template__isnull=False), name="campaign_template_where_needed"
            ),
            models.CheckConstraint(
                condition=(Q(state__in=["scheduled", "preparing", "running"]) & Q(due_at__isnull=False))
                | (Q(state="waiting") & Q(due_at__isnull=True))
                | Q(state__in=["draft", "paused", "done", "cancelled"]),
                name="campaign_due_while_open",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "waiting", "cancelled"]) | Q(approved_at__isnull=False),
                name="campaign_approved_before_it_goes",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["running", "done"])
                | Q(prepared_at__isnull=False, started_at__isnull=False),
                name="campaign_prepared_before_it_runs",
            ),
            models.CheckConstraint(
                condition=Q(state="done", finished_at__isnull=False)
                | Q(state="cancelled")
                | (~Q(state__in=["done", "cancelled"]) & Q(finished_at__isnull=True)),
                name="campaign_finished_at_its_end",
            ),
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | (Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until"))),
                name="campaign_quiet_from_and_until",
                violation_error_message=_("Quiet hours need a beginning and another time as their end."),
            ),
            models.CheckConstraint(
                condition=Q(held_out__lte=MOST_HELD_OUT), name="campaign_held_out_at_most"
            ),
        ]
        indexes = [
            *WorkRow.Meta.indexes,
            models.Index(fields=["account", "-id"], name="campaign_newest"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def cause(self) -> str:
        """Returns the cause that the campaign's pushes carry."""
        return f"campaign:{self.pk}"

    def on_failure(self, error: object) -> dict[str, Any]:
        """Returns the fields to change after a failure.

        A campaign under way is paused; staff may resume it.
        """
        changes: dict[str, Any] = {"trouble": self.Trouble.FAULT}
        if self.state in (self.State.SCHEDULED, self.State.PREPARING, self.State.RUNNING):
            changes |= {"state": self.State.PAUSED, "stopped_at": timezone.now()}
        return changes

    @property
    def uses_service(self) -> bool:
        return self.way != self.Way.TEMPLATE

    @property
    def uses_template(self) -> bool:
        return self.way != self.Way.SERVICE

    @property
    def is_editable(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_segment_changed(self) -> bool:
        """Returns whether the segment asks something else than when it was worked out who gets it."""
        return self.checked_at is not None and fingerprint_of(self.segment) != self.segment_fingerprint

    @property
    def may_be_taken_back(self) -> bool:
        """Returns whether it may become a draft again: it is no draft, and none of it was sent."""
        is_stopped = self.state == self.State.PAUSED and self.prepared_at is None
        return is_stopped or self.state in (self.State.WAITING, self.State.SCHEDULED)

    def quiet_ends(self, at: datetime.datetime) -> datetime.datetime | None:
        """Returns the end of the quiet hours around this moment; ``None`` outside of them. Local time."""
        return hours.end_of(self.quiet_from, self.quiet_until, at)


class Variant(HasContent):
    """One wording of a campaign; a hash of the openid decides which variant a recipient gets.

    ``content`` is the customer-service message, ``values`` maps the fields of the template to texts;
    ``{column}`` in either is replaced by the recipient's own value.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="variants")
    letter = models.CharField(max_length=1)
    content = models.JSONField(_("content"), default=dict, blank=True)
    values = models.JSONField(_("values"), default=dict, blank=True)
    url = models.CharField(_("link"), max_length=500, blank=True)
    appid = models.CharField(max_length=32, blank=True)
    pagepath = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        constraints = [
            models.UniqueConstraint(fields=["campaign", "letter"], name="variant_once"),
            models.CheckConstraint(condition=Q(letter__in=["A", "B", "C", "D"]), name="variant_letter_known"),
        ]

    def __str__(self) -> str:
        return self.letter


class AudienceRow(models.Model):
    """A row of a campaign's table: the openid, the values of its columns, and why it cannot be sent."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="rows", db_index=False)
    openid = models.CharField(max_length=64)
    words = models.JSONField(default=dict)
    reason = models.CharField(max_length=16, blank=True, db_default="")
    note = models.CharField(max_length=200, blank=True, db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["campaign", "openid"], name="audience_row_once")]

    def __str__(self) -> str:
        return handle_name(self.openid)
