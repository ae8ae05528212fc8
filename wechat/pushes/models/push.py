"""The model of pushes: all messages after the passive reply, a row for each message to a recipient."""

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.followers.handles import handle_name
from accounts.official.models import OfficialAccount
from wechat.api.models import ApiClient
from wechat.inbox.models import InboundMessage
from wechat.kernel.traced import Traced
from wechat.kernel.work import WorkRow
from wechat.pushes.states import PushState
from wechat.sdk import template_messages
from wechat.sdk.content import Content
from wechat.sdk.stored_content import from_dict
from wechat.sdk.template_messages import TemplateMessage

# The keys of ``content`` besides the message: the customer-service worker, the caller's own reference, the
# digest of the event that it tells of, and the mark that the content was erased.
BESIDE = frozenset({"kf_account", "reference", "event", "erased"})


class Push(Traced, WorkRow):
    """One message to one follower.

    The states and moves are those of ``states``, performed by ``transitions``. ``due_at`` is when a pending
    push may be sent, or when the lease on a push being sent ends; ``None`` means that no work is left.

    ``content`` is the result of the SDK's ``stored_content.to_dict`` for a customer-service message, and of
    ``template_messages.to_dict`` for the other kinds, whose ``template`` is the platform's template id.
    """

    class Kind(models.TextChoices):
        SERVICE = "service", _("Customer-service message")
        TEMPLATE = "template", _("Template message")
        NOTICE = "notice", _("Subscription notice")
        ONCE = "once", _("One-time subscription message")
        SUBSCRIBE = "subscribe", _("Mini-program subscription message")

    State = PushState

    class Reason(models.TextChoices):
        """The reason why a push failed, was skipped, or is uncertain."""

        NO_WINDOW = "no_window", _("The follower has done nothing lately that allows another message.")
        WINDOW_CLOSED = (
            "window_closed",
            _("WeChat says that the time for messages to this follower is over, or that they left."),
        )
        USED_UP = "used_up", _("WeChat says that the messages allowed after the last action are used up.")
        UNSENDABLE = "unsendable", _("This kind of content cannot be sent as a customer-service message.")
        REFUSED = "refused", _("WeChat refused the message.")
        GAVE_UP = (
            "gave_up",
            _("WeChat gave no usable answer at any attempt: out of reach, busy, or unreadable."),
        )
        NO_GRANT = "no_grant", _("The follower has not agreed to another message of this template.")
        NOT_FOLLOWING = "not_following", _("The follower no longer follows the account.")
        TEMPLATE_GONE = "template_gone", _("The template no longer exists at WeChat.")
        BAD_VALUE = "bad_value", _("A value breaks the rule of its field.")
        NO_FILE = (
            "no_file",
            _("Its file is missing: it is kept no longer, or not on WeChat yet. Choose it again."),
        )
        BLOCKED = "blocked", _("The follower has switched off messages of this account.")
        UNDELIVERED = "undelivered", _("WeChat accepted the message but could not deliver it.")
        LATE = "late", _("It was due long ago, as before an outage: somebody has to decide about it.")
        CALLED_OFF = "called_off", _("It was late, and was called off.")
        ERASED = "erased", _("The follower was erased before it was sent.")
        NO_ANSWER = "no_answer", _("The answer of WeChat was lost: the follower may have the message.")
        INTERRUPTED = "interrupted", _("The sender was stopped: the follower may have the message.")

    # The reasons of failures that lie with us or with the platform, not with the follower.
    REMOVABLE = (
        Reason.REFUSED, Reason.GAVE_UP, Reason.TEMPLATE_GONE, Reason.BAD_VALUE, Reason.NO_FILE,
        Reason.UNSENDABLE,
    )  # fmt: skip

    # The indexes below begin with the account, so that it needs no index of its own.
    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False, verbose_name=_("account"))
    openid = models.CharField(_("OpenID"), max_length=64)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.SERVICE)
    template = models.TextField(_("template"), blank=True)
    content = models.JSONField(_("content"))
    key = models.CharField(_("key"), max_length=120, editable=False)
    # The cause of the push, such as ``rule:12`` or ``desk``.
    cause = models.CharField(_("because of"), max_length=40, blank=True)
    # The wording that was sent, such as the letter of a campaign's variant.
    variant = models.CharField(max_length=8, blank=True, default="", db_default="", editable=False)
    # The business system that asked for the push, and is told its final state.
    caller = models.ForeignKey(
        ApiClient,
        models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name=_("asked for by"),
    )
    # One of many, which are sent after messages that somebody waits for.
    bulk = models.BooleanField(_("one of many"), default=False, editable=False)
    inbound = models.ForeignKey(
        InboundMessage,
        models.SET_NULL,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="pushes",
        verbose_name=_("in answer to"),
    )

    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.PENDING)
    reason = models.CharField(_("reason"), max_length=16, choices=Reason.choices, blank=True)
    # When the attempt began whose answer may have been lost; ``None`` if there surely was none.
    tried_at = models.DateTimeField(null=True, blank=True, editable=False)
    msgid = models.BigIntegerField(_("message ID"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        verbose_name = _("sent message")
        verbose_name_plural = _("sent messages")
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="push_once"),
            models.CheckConstraint(
                condition=Q(
                    state__in=["pending", "sending", "sent", "delivered", "failed", "uncertain", "skipped"]
                ),
                name="push_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "sending"], due_at__isnull=False)
                | (~Q(state__in=["pending", "sending"]) & Q(due_at__isnull=True)),
                name="push_due_while_open",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=["failed", "uncertain", "skipped"]) & ~Q(reason=""))
                | (~Q(state__in=["failed", "uncertain", "skipped"]) & Q(reason="")),
                name="push_reason_when_not_sent",
            ),
            # A sent message can still turn out to be undeliverable.
            models.CheckConstraint(
                condition=Q(state__in=["sent", "delivered"], sent_at__isnull=False)
                | Q(state="failed")
                | Q(state__in=["pending", "sending", "uncertain", "skipped"], sent_at__isnull=True),
                name="push_sent_at_when_it_was_sent",
            ),
            models.CheckConstraint(
                condition=Q(kind="service", template="")
                | (Q(kind__in=["template", "notice", "once", "subscribe"]) & ~Q(template="")),
                name="push_kind_known",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="push_newest"),
            models.Index(
                fields=["account", "state", "-id"],
                name="push_troubled",
                condition=Q(state__in=["failed", "uncertain", "skipped"]),
            ),
            # For the late messages that wait for a decision, among all that were skipped without a window.
            models.Index(
                fields=["account", "created_at"],
                name="push_late",
                condition=Q(state="skipped", reason="late"),
            ),
            # Without the failures of followers who want no messages, which are most, and are nobody's task.
            models.Index(
                fields=["account", "-id"],
                name="push_removable",
                condition=Q(
                    state="failed",
                    reason__in=["refused", "gave_up", "template_gone", "bad_value", "no_file", "unsendable"],
                ),
            ),
            models.Index(fields=["account", "openid", "-id"], name="push_conversation"),
            # For a send queue of an account, in the order in which it is sent.
            models.Index(
                fields=["account", "kind", "bulk", "due_at", "id"],
                name="push_waiting",
                condition=Q(state="pending"),
            ),
            models.Index(fields=["due_at"], name="push_leased", condition=Q(state="sending")),
            models.Index(fields=["caller", "-id"], name="push_by_caller", condition=Q(caller__isnull=False)),
            # For the order among a follower's customer-service messages.
            models.Index(
                fields=["account", "openid", "id"],
                name="push_in_line",
                condition=Q(due_at__isnull=False, kind="service"),
            ),
            # For counting a batch by state with an index-only scan.
            models.Index(
                fields=["cause", "state", "reason", "kind", "variant"],
                name="push_batch",
                condition=Q(bulk=True),
            ),
            models.Index(fields=["account", "msgid"], name="push_by_msgid", condition=Q(msgid__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} · {handle_name(self.openid)}"

    @property
    def body(self) -> Content:
        """Returns the content of a customer-service message.

        Raises ``ContentError`` if the stored content is no longer known to this version.
        """
        return from_dict({name: value for name, value in self.content.items() if name not in BESIDE})

    @property
    def message(self) -> TemplateMessage:
        """Returns the template message of a push of any other kind.

        Raises ``ContentError`` if the content is stored in another form.
        """
        return template_messages.from_dict(self.template, self.content)

    def is_message(self, openid: str, template: str, content: Mapping[str, Any]) -> bool:
        """Returns whether this is that message to that follower; content that was erased may be any."""
        is_to_them = (self.openid, self.template) == (openid, template)
        return is_to_them and ("erased" in self.content or self.content == content)
