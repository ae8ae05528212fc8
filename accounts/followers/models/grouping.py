"""The models by which staff group followers: custom fields, segments, automatic tags."""

from django.db import models
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.followers import segments
from accounts.followers.models.followers import Follower, Tag
from accounts.official.models import OfficialAccount
from wechat.kernel.work import WorkRow


class CustomField(models.Model):
    """A field of an account's own for what it wants to know about its followers, such as a shoe size."""

    class Kind(models.TextChoices):
        TEXT = "text", _("text")
        NUMBER = "number", _("number")
        DATE = "date", _("date")
        CHOICE = "choice", _("choice")
        YES_NO = "yes_no", _("yes or no")

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="custom_fields", verbose_name=_("account")
    )
    name = models.CharField(_("name"), max_length=40)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.TEXT)
    choices = models.TextField(_("choices"), blank=True, help_text=_("One a line, for a choice only."))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("custom field")
        verbose_name_plural = _("custom fields")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "name"],
                name="custom_field_once_per_account",
                violation_error_message=_("There is a field of this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def options(self) -> list[str]:
        return [line.strip() for line in self.choices.splitlines() if line.strip()]


class FieldValue(models.Model):
    """A follower's value of a custom field: a choice is kept as text, yes and no as the numbers 1 and 0."""

    field = models.ForeignKey(CustomField, models.CASCADE, related_name="values", db_index=False)
    follower = models.ForeignKey(Follower, models.CASCADE, related_name="custom_values")
    text = models.CharField(max_length=200, blank=True, db_default="")
    number = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    date = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["field", "follower"], name="value_once_per_field")]
        indexes = [
            models.Index(fields=["field", "text"], name="value_text", condition=~models.Q(text="")),
            models.Index(
                fields=["field", "number"], name="value_number", condition=models.Q(number__isnull=False)
            ),
            models.Index(fields=["field", "date"], name="value_date", condition=models.Q(date__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.text or str(self.date if self.number is None else self.number)


class Segment(models.Model):
    """A saved question about followers; the answer is always of now.

    ``conditions`` is a list of ``{"field": "tag", "compare": "is", "value": "12"}`` over the registered kinds
    of ``accounts.followers.segments``.
    """

    class Match(models.TextChoices):
        ALL = "all", _("all of the conditions")
        ANY = "any", _("any of the conditions")

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="segments", verbose_name=_("account")
    )
    name = models.CharField(_("name"), max_length=60)
    match = models.CharField(_("meet"), max_length=4, choices=Match.choices, default=Match.ALL)
    conditions: "models.JSONField[list[segments.Condition], list[segments.Condition]]" = models.JSONField(
        _("conditions"), default=list
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "name"],
                name="segment_once_per_account",
                violation_error_message=_("There is a segment of this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def rows(self) -> QuerySet[Follower]:
        """Returns the followers in the segment now, in no order. Raises ``segments.UnknownCondition``."""
        return Follower.objects.filter(self.condition(), account=self.account)

    def condition(self) -> models.Q:
        """Returns the segment's filter on ``Follower`` as of now. Raises ``segments.UnknownCondition``."""
        return segments.query(self.account, self.conditions, any_of=self.match == self.Match.ANY)


class AutoTag(WorkRow):
    """A tag for everybody in a segment, put on again and again."""

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="auto_tags", verbose_name=_("account")
    )
    segment = models.ForeignKey(
        Segment, models.CASCADE, related_name="auto_tags", verbose_name=_("everybody in")
    )
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="+", verbose_name=_("gets the tag"))
    take_off = models.BooleanField(
        _("take it off again"), default=False, help_text=_("From those who are not in the segment any more.")
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    due_at = models.DateTimeField(null=True, blank=True, editable=False, default=timezone.now)
    ran_at = models.DateTimeField(_("last run"), null=True, blank=True, editable=False)
    added = models.PositiveIntegerField(_("tagged"), default=0, editable=False)
    removed = models.PositiveIntegerField(_("untagged"), default=0, editable=False)

    class Meta(WorkRow.Meta):
        verbose_name = _("automatic tag")
        verbose_name_plural = _("automatic tags")
        constraints = [
            models.UniqueConstraint(
                fields=["segment", "tag"],
                name="auto_tag_once",
                violation_error_message=_("This segment has this automatic tag already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.segment} → {self.tag}"
