"""The models of the desk; messages themselves are rows of the inbox and pushes."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.followers.handles import handle_name
from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from wechat.contents.models import HasContent


class Thread(models.Model):
    """The conversation of the staff with one follower, and how far the staff have come in it.

    Progress is stored as ids of inbox rows, so that a message handled twice or late changes nothing:
    ``newest_id`` is the follower's newest message; ``read_id``, ``answered_id`` and ``closed_id`` are the
    newest message at the time when somebody last looked, replied, and closed the conversation.
    """

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="threads", verbose_name=_("account")
    )
    openid = models.CharField(_("OpenID"), max_length=64)
    newest_id = models.BigIntegerField()
    newest_at = models.DateTimeField(_("last wrote"))
    newest_text = models.CharField(_("wrote"), max_length=200, blank=True)
    read_id = models.BigIntegerField(default=0)
    answered_id = models.BigIntegerField(default=0)
    closed_id = models.BigIntegerField(default=0)
    # The time of the first message that neither a rule nor a person has answered.
    waiting_since = models.DateTimeField(_("waiting since"), null=True, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("assigned to"),
    )
    snoozed_until = models.DateTimeField(_("put off until"), null=True, blank=True)

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        constraints = [models.UniqueConstraint(fields=["account", "openid"], name="thread_once")]
        indexes = [
            models.Index(fields=["account", "-newest_at"], name="thread_newest"),
            models.Index(
                fields=["account", "-newest_at"],
                name="thread_open",
                condition=Q(newest_id__gt=F("closed_id")),
            ),
            models.Index(
                fields=["account", "waiting_since"],
                name="thread_waiting",
                condition=Q(waiting_since__isnull=False),
            ),
            models.Index(
                fields=["assignee", "account", "-newest_at"],
                name="thread_assigned",
                condition=Q(assignee__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return handle_name(self.openid)

    @property
    def follower(self) -> Follower | None:
        return Follower.objects.filter(account=self.account_id, openid=self.openid).first()

    @property
    def is_open(self) -> bool:
        return self.newest_id > self.closed_id

    @property
    def is_put_off(self) -> bool:
        return self.snoozed_until is not None and self.snoozed_until > timezone.now()


class Takeover(models.Model):
    """A period in which a person talks with a follower.

    Until its end the rules do not answer what the follower writes.
    """

    account = models.ForeignKey(OfficialAccount, models.CASCADE, verbose_name=_("account"))
    openid = models.CharField(_("OpenID"), max_length=64)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("member of staff")
    )
    until = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("takeover")
        constraints = [models.UniqueConstraint(fields=["account", "openid"], name="takeover_once")]
        indexes = [models.Index(fields=["until"], name="takeover_until")]

    def __str__(self) -> str:
        return f"{handle_name(self.openid)} · {self.user}"


class Note(models.Model):
    """A note that staff write to one another about a follower; the follower never sees it."""

    thread = models.ForeignKey(Thread, models.CASCADE, related_name="notes", verbose_name=_("conversation"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("author")
    )
    text = models.TextField(_("internal note"), max_length=2000)
    # The form that it was written in: posted twice, it is one note.
    token = models.CharField(max_length=40, blank=True, editable=False)
    created_at = models.DateTimeField(_("written"), auto_now_add=True)

    class Meta:
        verbose_name = _("internal note")
        constraints = [
            models.UniqueConstraint(
                fields=["thread", "token"],
                name="note_once",
                condition=~Q(token=""),
            )
        ]
        indexes = [models.Index(fields=["thread", "-created_at"], name="note_newest")]

    def __str__(self) -> str:
        return self.text


class ReplyTime(models.Model):
    """The time that a follower had waited when a person answered; the follower is not stored."""

    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False, related_name="+")
    at = models.DateTimeField()
    waited = models.DurationField()

    class Meta:
        verbose_name = _("reply time")
        verbose_name_plural = _("reply times")
        indexes = [models.Index(fields=["account", "at"], include=["waited"], name="reply_time_by_day")]

    def __str__(self) -> str:
        return str(self.waited)


class CannedAnswer(HasContent):
    """A reusable answer, inserted by its shortcut."""

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="canned_answers", verbose_name=_("account")
    )
    shortcut = models.SlugField(
        _("shortcut"),
        max_length=30,
        allow_unicode=True,
        help_text=_("Typed after a / in the desk: price, 地址, …"),
    )

    class Meta:
        verbose_name = _("canned answer")
        verbose_name_plural = _("canned answers")
        ordering = ["shortcut"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "shortcut"],
                name="canned_answer_once",
                violation_error_message=_("This shortcut is taken: choose another."),
            )
        ]


class ServiceHours(models.Model):
    """The hours, in Beijing time, in which people answer on the desk of an account; without a row, always."""

    account = models.OneToOneField(
        OfficialAccount, models.CASCADE, primary_key=True, related_name="+", verbose_name=_("account")
    )
    # 1 is Monday; an empty list means every day.
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name=_("days of the week"), default=list, blank=True
    )
    opens_at = models.TimeField(_("from the hour"))
    closes_at = models.TimeField(_("to the hour"))

    class Meta:
        verbose_name = _("service hours")
        verbose_name_plural = _("service hours")
        constraints = [
            models.CheckConstraint(
                condition=~Q(opens_at=F("closes_at")),
                name="service_hours_have_a_length",
                violation_error_message=_("Both hours are the same."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.opens_at:%H:%M}–{self.closes_at:%H:%M}"
