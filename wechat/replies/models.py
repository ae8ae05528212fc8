"""The models of rules with their keywords and replies, and of forwarded messages.

Which rule answers is decided in ``matching``, over the values of ``specs``.
"""

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.followers.models import Tag
from accounts.official.models import OfficialAccount
from wechat.console.days import check_day
from wechat.contents.models import HasContent
from wechat.inbox.models import InboundMessage
from wechat.kernel.secrets import HasSecrets, SecretField
from wechat.replies import handovers
from wechat.replies.specs import LONGEST_KEYWORD, Compare, Trigger
from wechat.replies.validation import check_forward_url, check_keyword

# Fields that one kind of rule has; the others keep them empty.
OWN_FIELDS = {
    "message_kind": Trigger.MESSAGE_TYPE,
    "event": Trigger.EVENT,
    "event_key": Trigger.EVENT,
    "scene": Trigger.SCAN,
}


class RuleVersion(models.Model):
    """The columns that a version of a rule has besides those of the rule.

    ``tag_ids`` are the primary keys of its tags, by name of the field; ``None`` in the oldest versions.
    """

    tag_ids: "models.JSONField[dict[str, list[int]] | None, dict[str, list[int]] | None]" = models.JSONField(
        null=True
    )

    class Meta:
        abstract = True


class Rule(HasSecrets):
    """An auto-reply: sends its replies when something that fits arrives in its window from its audience."""

    class TriggerChoice(models.TextChoices):
        KEYWORD = Trigger.KEYWORD.value, _("Keyword")
        FOLLOW = Trigger.FOLLOW.value, _("Follow, every time")
        FOLLOW_FIRST = Trigger.FOLLOW_FIRST.value, _("Follow, the first time")
        FOLLOW_AGAIN = Trigger.FOLLOW_AGAIN.value, _("Follow, again")
        SCAN = Trigger.SCAN.value, _("Scan of a channel's QR code")
        MESSAGE_TYPE = Trigger.MESSAGE_TYPE.value, _("Type of message")
        EVENT = Trigger.EVENT.value, _("Event")
        DEFAULT = Trigger.DEFAULT.value, _("Default: no other rule fits")

    class MessageKind(models.TextChoices):
        TEXT = "text", _("Text")
        IMAGE = "image", _("Picture")
        VOICE = "voice", _("Voice")
        VIDEO = "video", _("Video")
        SHORTVIDEO = "shortvideo", _("Short video")
        LOCATION = "location", _("Place")
        LINK = "link", _("Link")
        MINIPROGRAMPAGE = "miniprogrampage", _("Mini-program card")

    class EventKind(models.TextChoices):
        CLICK = "click", _("Menu button tapped")
        SCANCODE_PUSH = "scancode_push", _("Menu: code scanned")
        SCANCODE_WAITMSG = "scancode_waitmsg", _("Menu: code scanned, waiting for an answer")
        PIC_SYSPHOTO = "pic_sysphoto", _("Menu: photo taken")
        PIC_PHOTO_OR_ALBUM = "pic_photo_or_album", _("Menu: photo or album")
        PIC_WEIXIN = "pic_weixin", _("Menu: WeChat album")
        LOCATION_SELECT = "location_select", _("Menu: place chosen")
        LOCATION = "location", _("Location reported")
        USER_ENTER_TEMPSESSION = "user_enter_tempsession", _("Customer service opened (mini program)")

    class Strategy(models.TextChoices):
        ALL = "all", _("All of them")
        RANDOM = "random", _("One at random")

    class Weekday(models.IntegerChoices):
        MONDAY = 1, _("Monday")
        TUESDAY = 2, _("Tuesday")
        WEDNESDAY = 3, _("Wednesday")
        THURSDAY = 4, _("Thursday")
        FRIDAY = 5, _("Friday")
        SATURDAY = 6, _("Saturday")
        SUNDAY = 7, _("Sunday")

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="rules", verbose_name=_("account")
    )
    name = models.CharField(_("name"), max_length=60)
    enabled = models.BooleanField(_("enabled"), default=True)
    in_shadow = models.BooleanField(
        _("run in shadow"),
        default=False,
        help_text=_("It says nothing: what it would have answered is counted and listed."),
    )
    position = models.PositiveIntegerField(
        _("position"), default=0, db_index=True, help_text=_("Of two rules that fit, the upper one answers.")
    )
    trigger = models.CharField(
        _("answers to"), max_length=16, choices=TriggerChoice.choices, default=TriggerChoice.KEYWORD
    )
    message_kind = models.CharField(
        _("type of message"), max_length=40, blank=True, choices=MessageKind.choices
    )
    event = models.CharField(_("event"), max_length=64, blank=True, choices=EventKind.choices)
    event_key = models.CharField(
        _("event key"), max_length=128, blank=True, help_text=_("Of this menu button only; empty: of any.")
    )
    scene = models.CharField(
        _("channel"), max_length=64, blank=True, help_text=_("The channel's scene; empty: any channel.")
    )

    valid_from = models.DateTimeField(_("valid from"), null=True, blank=True)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(choices=Weekday.choices),
        verbose_name=_("days of the week"),
        default=list,
        blank=True,
        help_text=_("None chosen: every day."),
    )
    opens_at = models.TimeField(_("from the hour"), null=True, blank=True)
    closes_at = models.TimeField(
        _("to the hour"),
        null=True,
        blank=True,
        help_text=_("Earlier than the first hour means the next morning: 22:00 to 06:00."),
    )
    tags = models.ManyToManyField(
        Tag, blank=True, verbose_name=_("tags"), help_text=_("Only followers with one of these tags.")
    )
    new_follower_days = models.PositiveSmallIntegerField(
        _("new followers"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text=_("Only those who followed within so many days."),
    )

    adds_tags = models.ManyToManyField(
        Tag,
        blank=True,
        related_name="+",
        verbose_name=_("tag them"),
        help_text=_("Whoever this rule answers gets these tags."),
    )

    strategy = models.CharField(
        _("of several replies"), max_length=8, choices=Strategy.choices, default=Strategy.ALL
    )
    hands_to = models.CharField(
        _("hand the follower to"),
        max_length=20,
        blank=True,
        choices=handovers.choices,
        help_text=_(
            "The conversation is then among those that wait for an answer. To hand it to WeChat's own "
            "customer service, choose that as the kind of the reply."
        ),
    )
    away_text = models.TextField(
        _("said outside of service hours"),
        blank=True,
        help_text=_("Instead of the replies. Empty: the replies are said at any hour."),
    )
    forward_url = models.URLField(
        _("forward to"),
        max_length=500,
        blank=True,
        help_text=_("An address of your own that is told of every message this rule answers."),
    )
    forward_secret = SecretField(_("signing secret"))

    note = models.TextField(_("note"), blank=True)
    source_key = models.CharField(_("source"), max_length=80, blank=True, editable=False)
    source_digest = models.CharField(max_length=64, blank=True, editable=False)

    history = HistoricalRecords(excluded_fields=["secret_id", "forward_secret"], bases=[RuleVersion])

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "source_key"],
                name="rule_imported_once",
                condition=~models.Q(source_key=""),
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until__isnull=True)
                | models.Q(valid_from__isnull=True)
                | models.Q(valid_until__gt=models.F("valid_from")),
                name="rule_ends_after_it_begins",
                violation_error_message=_("“Valid until” must be later than “valid from”."),
            ),
        ]
        indexes = [models.Index(fields=["account", "position", "id"], name="rule_order")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Checks what this kind of rule needs, and empties the fields of the other kinds."""
        needed = {"message_type": "message_kind", "event": "event"}.get(self.trigger)
        if needed and not getattr(self, needed):
            raise ValidationError({needed: _("Choose one.")})
        for field, trigger in OWN_FIELDS.items():
            if self.trigger != trigger:
                setattr(self, field, "")
        for field in ("valid_from", "valid_until"):
            if moment := getattr(self, field):
                try:
                    check_day(moment)
                except ValidationError as error:
                    raise ValidationError({field: error.messages}) from None
        if self.opens_at is not None and self.opens_at == self.closes_at:
            raise ValidationError({"closes_at": _("Both hours are the same: leave both empty for all day.")})
        if self.forward_url:
            check_forward_url(self.forward_url)

    @property
    def answered_by(self) -> str:
        """Returns how the message log names this rule."""
        return f"rule:{self.pk}"


class Keyword(models.Model):
    """One of the texts that set a keyword rule off."""

    class CompareChoice(models.TextChoices):
        CONTAINS = Compare.CONTAINS.value, _("contains")
        EQUALS = Compare.EQUALS.value, _("equals")
        STARTS_WITH = Compare.STARTS_WITH.value, _("starts with")
        REGEX = Compare.REGEX.value, _("regular expression")

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="keywords", verbose_name=_("rule"))
    compare = models.CharField(
        _("the message"), max_length=12, choices=CompareChoice.choices, default=CompareChoice.CONTAINS
    )
    text = models.CharField(_("keyword"), max_length=LONGEST_KEYWORD)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("keyword")
        verbose_name_plural = _("keywords")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "compare", "text"],
                name="keyword_once_per_rule",
                violation_error_message=_("This keyword is there twice; delete one."),
            ),
            models.CheckConstraint(condition=~models.Q(text=""), name="keyword_not_empty"),
        ]

    def __str__(self) -> str:
        return self.text

    def clean(self) -> None:
        # A text that its own field refused, as for its length, is not here.
        if self.text:
            check_keyword(self.compare, self.text)


class Reply(HasContent):
    """One thing that a rule says."""

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="replies", verbose_name=_("rule"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        ordering = ["position", "id"]


class RuleHits(models.Model):
    """A count of how often a rule answered, or would have answered while it ran in shadow, and when last."""

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="counts", verbose_name=_("rule"))
    in_shadow = models.BooleanField(_("run in shadow"))
    hits = models.PositiveBigIntegerField(_("hits"), default=0)
    last_at = models.DateTimeField(_("last"))

    class Meta:
        verbose_name = _("hits of a rule")
        verbose_name_plural = _("hits of rules")
        constraints = [models.UniqueConstraint(fields=["rule", "in_shadow"], name="rule_hits_once")]

    def __str__(self) -> str:
        return str(self.hits)


class ShadowMatch(models.Model):
    """A message that a rule would have answered if it did not run in shadow."""

    rule = models.ForeignKey(Rule, models.CASCADE, db_index=False, verbose_name=_("rule"))
    message = models.ForeignKey(
        InboundMessage, models.CASCADE, db_constraint=False, verbose_name=_("message")
    )

    class Meta:
        verbose_name = _("match in shadow")
        verbose_name_plural = _("matches in shadow")
        constraints = [models.UniqueConstraint(fields=["rule", "message"], name="rule_shadowed_once")]

    def __str__(self) -> str:
        return str(self.message)
