"""The models of messages and events, with the answers they were given."""

import datetime
import hashlib
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.followers.labels import name_of
from accounts.official.models import OfficialAccount
from wechat.kernel.traced import Traced
from wechat.kernel.work import WorkRow
from wechat.sdk.messages import Message, parse

# What the platform reports of things that were sent: nobody did or said anything. A campaign brings as many
# of them as it has recipients.
RECEIPTS = (
    "masssendjobfinish",
    "publishjobfinish",
    "subscribe_msg_sent_event",
    "templatesendjobfinish",
    "wxa_media_check",
)
NOT_A_RECEIPT = ~models.Q(event__in=RECEIPTS)


# The month of what says no time of its own: a retry of it must find the same one.
UNDATED = datetime.date(1970, 1, 1)


def month_of(moment: datetime.datetime) -> datetime.date:
    """Returns the first day of the month (UTC)."""
    return moment.astimezone(datetime.UTC).date().replace(day=1)


class InboundMessage(Traced, WorkRow):
    """A message or event of the platform; a repeated delivery finds this row and gets its answer.

    The table is partitioned by ``month``, see ``wechat.inbox.months``. So the database cannot check foreign
    keys to it, and unique keys hold within a month only. That is enough: the platform's own time decides the
    month, and a repeat has the same time.
    """

    MALFORMED = "malformed"

    # Every other index begins with the account as well; one more would only cost each insert its time.
    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False, verbose_name=_("account"))
    key = models.CharField(_("key"), max_length=255, editable=False)
    month = models.DateField(default=UNDATED, db_default=UNDATED, editable=False)
    openid = models.CharField(_("OpenID"), max_length=64)
    kind = models.CharField(_("kind"), max_length=40)
    event = models.CharField(_("event"), max_length=64, blank=True)
    text = models.TextField(_("text"), blank=True)
    body = models.TextField(_("raw"))
    # The bytes of a body that is not clean UTF-8, which ``body`` shows as well as text can.
    raw_bytes = models.BinaryField(null=True, editable=False)
    sent_at = models.DateTimeField(_("sent"))
    received_at = models.DateTimeField(_("received"))

    answer = models.JSONField(_("answer"), null=True, blank=True)
    later = models.JSONField(_("further answers"), null=True, blank=True)
    answered_by = models.CharField(_("answered by"), max_length=40, blank=True)
    late = models.BooleanField(_("answered late"), default=False)

    handled_at = models.DateTimeField(_("handled"), null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [models.UniqueConstraint(fields=["account", "key", "month"], name="inbound_once")]
        indexes = [
            models.Index(fields=["account", "-id"], name="inbound_but_receipts", condition=NOT_A_RECEIPT),
            models.Index(fields=["account", "openid", "-id"], name="inbound_conversation"),
            *WorkRow.Meta.indexes,
            models.Index(
                fields=["account", "answered_by", "-id"],
                name="inbound_answered_by",
                condition=~models.Q(answered_by=""),
            ),
            models.Index(
                fields=["account", "-id"],
                name="inbound_unanswered",
                condition=models.Q(answered_by="", kind="text"),
            ),
            models.Index(
                fields=["account", "kind", "event", "-id"],
                name="inbound_kind",
                condition=~models.Q(kind="text"),
            ),
            models.Index(fields=["account", "-id"], name="inbound_late", condition=models.Q(late=True)),
            models.Index(fields=["account", "-id"], name="inbound_failed", condition=~models.Q(error="")),
        ]

    # Set for the rows of a page: ``wechat.inbox.event_names``.
    in_words = ""

    def __str__(self) -> str:
        if self.kind == "text":
            return self.text
        return f"{name_of(self.kind, self.event)} {self.read}".rstrip()

    @property
    def read(self) -> str:
        """Returns the text for staff: the message's own, or the name of what the event is about."""
        return self.in_words or self.text

    @property
    def message(self) -> Message:
        """Returns the parsed body. Raises ``MalformedMessage`` for a row of kind ``malformed``."""
        return parse(self.raw_body)

    @property
    def raw_body(self) -> bytes:
        """Returns the decrypted body as it came."""
        return self.body.encode() if self.raw_bytes is None else bytes(self.raw_bytes)


class MessageMonth(WorkRow):
    """A month whose messages have their own partition; due when it is maintained next."""

    month = models.DateField(primary_key=True)

    class Meta(WorkRow.Meta):
        verbose_name = _("month of the message log")
        verbose_name_plural = _("months of the message log")

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class MessageCount(models.Model):
    """The number of messages and events of a kind on a day (Asia/Shanghai).

    ``unanswered`` is the number of texts among them that were unanswered when they were counted, minutes
    later.
    """

    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False)
    day = models.DateField(_("day"))
    kind = models.CharField(_("kind"), max_length=40)
    event = models.CharField(_("event"), max_length=64, blank=True)
    count = models.PositiveIntegerField(_("count"))
    unanswered = models.PositiveIntegerField(_("unanswered"))

    class Meta:
        verbose_name = _("messages of a day")
        verbose_name_plural = _("messages by day")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "day", "kind", "event"],
                name="message_count_once",
                include=["count", "unanswered"],
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {name_of(self.kind, self.event)}: {self.count}"


class CountProgress(models.Model):
    """The progress of counting messages: the last counted id, and the id up to which the next turn counts.

    ``seen`` was the newest id at the last turn. Messages with smaller ids may have been invisible then, in
    transactions before ``seen_by``. Messages that arrived before ``since`` are left out, because their days
    are counted already.
    """

    counted = models.BigIntegerField(default=0)
    seen = models.BigIntegerField(default=0)
    seen_by = models.BigIntegerField(default=0)
    since = models.DateTimeField(null=True)
    due_at = models.DateTimeField()

    class Meta:
        verbose_name = _("progress of counting")
        verbose_name_plural = _("progress of counting")

    def __str__(self) -> str:
        return str(self.counted)


class IgnoredText(models.Model):
    """A text that needs no rule, in the normalised form of ``unanswered``."""

    account = models.ForeignKey(OfficialAccount, models.CASCADE, verbose_name=_("account"))
    text = models.CharField(_("text"), max_length=200)

    class Meta:
        verbose_name = _("ignored text")
        verbose_name_plural = _("ignored texts")
        constraints = [models.UniqueConstraint(fields=["account", "text"], name="ignored_text_once")]

    def __str__(self) -> str:
        return self.text


def malformed_key(body: bytes) -> str:
    """Returns the key of an unreadable push, made from its bytes, which are the same in a repeat."""
    return f"malformed:{hashlib.sha256(body).hexdigest()}"


class Refusal(models.Model):
    """The number of callbacks refused in a row, by reason, for the doctor; no message is kept.

    ``count`` starts again after an accepted push.
    """

    account = models.ForeignKey(OfficialAccount, models.CASCADE, verbose_name=_("account"))
    reason = models.CharField(_("reason"), max_length=20)
    count = models.PositiveBigIntegerField(_("count"), default=0)
    last_at = models.DateTimeField(_("last"))

    class Meta:
        verbose_name = _("refused callback")
        verbose_name_plural = _("refused callbacks")
        constraints = [models.UniqueConstraint(fields=["account", "reason"], name="refusal_once_per_reason")]

    def __str__(self) -> str:
        return f"{self.reason}: {self.count}"


class Verification(models.Model):
    """The time at which the platform last verified an account's callback address with a valid signature."""

    account = models.OneToOneField(OfficialAccount, models.CASCADE, verbose_name=_("account"))
    last_at = models.DateTimeField(_("last"))

    class Meta:
        verbose_name = _("verification of a callback address")
        verbose_name_plural = _("verifications of callback addresses")

    def __str__(self) -> str:
        return f"{self.account}: {self.last_at:%Y-%m-%d %H:%M}"


class InboundMedia(WorkRow):
    """A picture, voice, video or video cover that a follower sent; the platform keeps it for three days."""

    class Kind(models.TextChoices):
        IMAGE = "image", _("Picture")
        VOICE = "voice", _("Voice")
        VIDEO = "video", _("Video")
        THUMB = "thumb", _("Still of a video")

    class State(models.TextChoices):
        PENDING = "pending", _("Being fetched")
        FETCHED = "fetched", _("Fetched")
        FAILED = "failed", _("Could not be fetched")

    message = models.ForeignKey(
        InboundMessage,
        models.CASCADE,
        db_constraint=False,
        related_name="media",
        verbose_name=_("message"),
    )
    media_id = models.TextField(_("media ID"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PENDING)
    file = models.FileField(_("file"), max_length=200, blank=True)
    content_type = models.CharField(_("type"), max_length=40, blank=True)
    size = models.PositiveIntegerField(_("size in bytes"), default=0)

    class Meta(WorkRow.Meta):
        verbose_name = _("media of a message")
        verbose_name_plural = _("media of messages")
        constraints = [
            models.UniqueConstraint(fields=["message", "media_id"], name="inbound_media_once"),
            models.CheckConstraint(
                condition=models.Q(state="pending", due_at__isnull=False)
                | (models.Q(state__in=["fetched", "failed"]) & models.Q(due_at__isnull=True)),
                name="inbound_media_due_while_pending",
            ),
            models.CheckConstraint(
                condition=models.Q(state="fetched") ^ models.Q(file=""),
                name="inbound_media_file_when_fetched",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.get_state_display()}"

    def on_failure(self, error: object) -> dict[str, Any]:
        return {"state": self.State.FAILED}
