"""The models of sequences and their steps, which follow an event at set delays, with branches."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Deferrable, F, Q
from django.utils.translation import gettext_lazy as _

from accounts.followers import segments
from accounts.followers.models import CustomField, Segment, Tag
from accounts.followers.segments import Condition
from accounts.official.models import OfficialAccount
from wechat.channels.models import Channel
from wechat.console.phrases import labelled
from wechat.contents.models import HasContent
from wechat.kernel.work import WorkRow
from wechat.pushes.models import Template


class Sequence(WorkRow):
    """A sequence: steps that are done at their times for every follower for whom ``trigger`` happens.

    ``due_at`` is when a worker next looks for followers to enrol, for the triggers of ``POLLED_TRIGGERS``;
    other triggers are events that enrol by themselves.
    """

    class Reentry(models.TextChoices):
        ONCE = "once", _("never: once is enough")
        DAYS = "days", _("after some days")
        ALWAYS = "always", _("each time it happens")

    # The triggers without an event: a worker looks for members of a segment and for dates that have come.
    POLLED_TRIGGERS = ("segment", "date")

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="sequences", verbose_name=_("account")
    )
    name = models.CharField(_("name"), max_length=60)
    enabled = models.BooleanField(
        _("on"),
        default=False,
        help_text=_("Off: nobody new enters, and those inside wait where they are until it is on again."),
    )
    # A name registered in ``sequences.triggers``.
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
    tag = models.ForeignKey(
        Tag, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("tag")
    )
    segment = models.ForeignKey(
        Segment,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("segment"),
        help_text=_("Looked at every hour. Who is in it when the sequence is switched on enters as well."),
    )
    menu_key = models.CharField(_("menu item"), max_length=128, blank=True, default="")
    date_field = models.ForeignKey(
        CustomField, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("date")
    )
    date_days = models.SmallIntegerField(
        _("days after it"), default=0, help_text=_("-3: three days before; 0: on the day itself.")
    )
    date_at = models.TimeField(_("time of day"), null=True, blank=True)
    yearly = models.BooleanField(_("every year, as a birthday"), default=True)
    # For the trigger by date: the last day whose followers were enrolled.
    entered_day = models.DateField(null=True, blank=True, editable=False)
    reentry = models.CharField(_("enters again"), max_length=6, choices=Reentry.choices, default=Reentry.ONCE)
    reentry_days = models.PositiveSmallIntegerField(_("days after the last time"), null=True, blank=True)
    priority = models.PositiveSmallIntegerField(
        _("priority"),
        default=10,
        help_text=_("A follower is in one sequence at a time: the higher number first, the others wait."),
    )
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(
        _("quiet until"), null=True, blank=True, help_text=_("What falls into this time goes out at its end.")
    )
    cap_days = models.PositiveSmallIntegerField(
        _("days without another message"),
        null=True,
        blank=True,
        help_text=_("A message is left out for whoever was sent something else in so many days."),
    )
    stop_on_reply = models.BooleanField(_("stop when the follower writes"), default=True)
    stop_on_purchase = models.BooleanField(_("stop when the follower pays"), default=False)
    tracked = models.BooleanField(
        _("count taps"),
        default=False,
        help_text=_("Links lead through this console, which counts who taps them."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta(WorkRow.Meta):
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
            models.CheckConstraint(
                condition=Q(reentry="days", reentry_days__gte=1)
                | (~Q(reentry="days") & Q(reentry_days__isnull=True)),
                name="sequence_reentry_has_days",
                violation_error_message=_("Say after how many days somebody may enter again."),
            ),
            models.CheckConstraint(
                condition=(Q(tag=None) | Q(trigger="tag"))
                & (Q(segment=None) | Q(trigger="segment"))
                & (Q(date_field=None) | Q(trigger="date"))
                & (Q(menu_key="") | Q(trigger="menu")),
                name="sequence_has_what_its_trigger_asks",
            ),
            models.CheckConstraint(
                condition=~Q(trigger="date") | Q(date_at__isnull=False), name="sequence_of_a_date_has_a_time"
            ),
            # Membership of a segment is a state, not an event that could happen each time.
            models.CheckConstraint(
                condition=~Q(trigger="segment", reentry="always"), name="sequence_of_a_segment_has_a_pause"
            ),
        ]
        indexes = [
            *WorkRow.Meta.indexes,
            models.Index(fields=["account", "trigger"], name="sequence_by_trigger"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def cause(self) -> str:
        """Returns the cause that the sequence's pushes carry."""
        return f"sequence:{self.pk}"

    def clean(self) -> None:
        if self.quiet_from is not None and self.quiet_from == self.quiet_until:
            sentence = _("The quiet time must end at another time than it begins.")
            raise ValidationError({"quiet_until": sentence})


class SequenceStep(HasContent):
    """One step of a sequence, done at a set delay after the step before it.

    A branch has steps of its own in two lanes, ``yes`` and ``no``: followers who meet its conditions take the
    first, all others the second, and both go on with the step after the branch. ``position`` counts through
    the whole sequence, with the steps of a branch directly after it. ``template`` is sent where the content
    may not be; ``values`` has a text for each field of the template, filled in on a page of its own.
    """

    class Type(models.TextChoices):
        MESSAGE = "message", _("Message")
        BRANCH = "branch", _("Branch")
        TAG = "tag", _("Set a tag")
        UNTAG = "untag", _("Take a tag off")
        WAIT = "wait", _("Only wait")
        END = "end", _("End here")

    class Lane(models.TextChoices):
        YES = "yes", _("Yes")
        NO = "no", _("No")

    class Unit(models.IntegerChoices):
        MINUTES = 1, _("minutes")
        HOURS = 60, _("hours")
        DAYS = 1440, _("days")

    class Day(models.TextChoices):
        ANY = "", _("any day")
        WORKDAYS = "workdays", _("Monday to Friday")
        WEEKEND = "weekend", _("Saturday or Sunday")
        MONDAY = "1", _("Monday")
        TUESDAY = "2", _("Tuesday")
        WEDNESDAY = "3", _("Wednesday")
        THURSDAY = "4", _("Thursday")
        FRIDAY = "5", _("Friday")
        SATURDAY = "6", _("Saturday")
        SUNDAY = "7", _("Sunday")

    sequence = models.ForeignKey(Sequence, models.CASCADE, related_name="steps", verbose_name=_("sequence"))
    type = models.CharField(_("does"), max_length=8, choices=Type.choices, default=Type.MESSAGE)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    branch = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="lanes", verbose_name=_("branch")
    )
    lane = models.CharField(_("lane"), max_length=3, choices=Lane.choices, blank=True, default="")
    wait = models.PositiveIntegerField(
        _("wait"), default=0, help_text=_("After the step before it; for the first, after the beginning.")
    )
    unit = models.PositiveSmallIntegerField(_("unit"), choices=Unit.choices, default=Unit.MINUTES)
    at_time = models.TimeField(
        _("at this time of day"),
        null=True,
        blank=True,
        help_text=_("After the wait, the next time it is so late."),
    )
    day = models.CharField(_("only on"), max_length=8, choices=Day.choices, blank=True, default=Day.ANY)
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
    appid = models.CharField(max_length=32, blank=True, default="", db_default="", editable=False)
    pagepath = models.CharField(max_length=300, blank=True, default="", db_default="", editable=False)
    tag = models.ForeignKey(
        Tag, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("tag")
    )
    match = models.CharField(
        _("meet"), max_length=4, choices=Segment.Match.choices, default=Segment.Match.ALL
    )
    conditions: "models.JSONField[list[Condition], list[Condition]]" = models.JSONField(
        _("conditions"), default=list, blank=True
    )

    class Meta:
        verbose_name = _("step of a sequence")
        verbose_name_plural = _("steps of a sequence")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["sequence", "position"], name="step_place_once", deferrable=Deferrable.DEFERRED
            ),
            # The target of a lane's foreign key, which keeps a branch and its steps in one sequence.
            models.UniqueConstraint(fields=["id", "sequence"], name="step_and_its_sequence"),
            models.CheckConstraint(
                condition=Q(branch__isnull=True, lane="") | Q(branch__isnull=False, lane__in=["yes", "no"]),
                name="step_has_a_lane_in_a_branch",
            ),
            models.CheckConstraint(condition=~Q(branch=F("id")), name="step_is_not_its_own_branch"),
            models.CheckConstraint(
                condition=Q(type="message") | Q(template=None, content={}), name="step_that_says_something"
            ),
            models.CheckConstraint(
                condition=Q(type="branch") | Q(conditions=[]), name="step_with_conditions_is_a_branch"
            ),
            models.CheckConstraint(
                condition=Q(type__in=["tag", "untag"]) | Q(tag=None), name="step_with_a_tag_changes_it"
            ),
        ]

    def __str__(self) -> str:
        """Returns a description of the step in one line."""
        if self.type == self.Type.MESSAGE:
            return super().__str__()
        label = str(self.get_type_display())
        return labelled(label, self.tag or "–") if self.type in (self.Type.TAG, self.Type.UNTAG) else label

    @property
    def has_template(self) -> bool:
        """Returns whether the step has a template with all its fields filled in."""
        return self.template is not None and all(field.name in self.values for field in self.template.fields)

    def condition(self) -> Q:
        """Returns the filter on ``Follower`` of the lane "yes". Raises ``segments.UnknownCondition``."""
        any_of = self.match == Segment.Match.ANY
        return segments.query(self.sequence.account, self.conditions, any_of=any_of)
