"""The models of publications and of the live menus."""

import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.official.error_sentences import in_words
from accounts.official.models import OfficialAccount
from menus.kinds import ButtonKind
from menus.models.menus import Menu, MenuItem, Version
from menus.models.targets import MiniProgram
from wechat.kernel.work import WorkRow, heartbeat, interruptions

# The platform's error code for a mini program that is not linked to the account.
NOT_LINKED = 45064
# The time until the next reading after one that failed.
AFTER_ERROR = datetime.timedelta(minutes=30)


class Publication(WorkRow):
    """A change of what is live: a version to publish, or (without one) a menu to take off.

    scheduled or pending → publishing → published | failed, or cancelled. ``due_at`` is when it starts, and
    later when the lease of its worker ends. An account has at most one that is pending or publishing.
    ``before`` and ``after`` are the live menus as read from WeChat.
    """

    class State(models.TextChoices):
        SCHEDULED = "scheduled", _("Scheduled")
        PENDING = "pending", _("Waiting")
        PUBLISHING = "publishing", _("Being published")
        PUBLISHED = "published", _("Published")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    class Reason(models.TextChoices):
        """The reason why a publication failed, or was cancelled."""

        REFUSED = "refused", _("WeChat refused the menu.")
        UNREACHABLE = (
            "unreachable",
            _("WeChat gave no usable answer at any attempt: out of reach, busy, or unreadable."),
        )
        INTERRUPTED = "interrupted", _(interruptions.ENDED)
        NOT_SHOWN = "not_shown", _("WeChat accepted the menu and shows another one.")
        NOT_READY = "not_ready", _("The menu could not be published as it is.")
        NOTHING_TO_RETURN_FROM = (
            "no_return",
            _("The menu it was to return from is not live: nothing was changed."),
        )
        BY_STAFF = "by_staff", _("Cancelled by a member of staff.")

    OPEN = (State.SCHEDULED, State.PENDING, State.PUBLISHING)
    RUNNING = (State.PENDING, State.PUBLISHING)

    account = models.ForeignKey(OfficialAccount, models.CASCADE, verbose_name=_("account"))
    menu = models.ForeignKey(Menu, models.CASCADE, related_name="publications", verbose_name=_("menu"))
    version = models.ForeignKey(
        Version, models.PROTECT, null=True, blank=True, related_name="publications", verbose_name=_("version")
    )
    returns = models.OneToOneField(
        "self",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="return_trip",
        verbose_name=_("return from"),
    )
    replaced = models.ForeignKey(
        Version, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("replaced")
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("asked for by"),
    )
    asked_through = models.CharField(max_length=80, blank=True)
    asked_at = models.DateTimeField(_("asked for"), auto_now_add=True)
    starts_at = models.DateTimeField(_("starts"))
    # The menus for some followers as whoever asked saw them win over one another, by their keys.
    order = ArrayField(models.BigIntegerField(), default=list, blank=True, editable=False)

    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.PENDING)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason.choices, blank=True)
    # The error code with which WeChat refused the menu; if set, only the live menus are still to be read.
    refusal = models.IntegerField(null=True, blank=True, editable=False)
    before = models.JSONField(_("before the change"), null=True, blank=True)
    after = models.JSONField(_("after"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("publication of a menu")
        verbose_name_plural = _("publications of menus")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(state__in=["pending", "publishing"]),
                name="menu_one_publication_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["scheduled", "pending", "publishing"], due_at__isnull=False)
                | Q(state__in=["published", "failed", "cancelled"], due_at__isnull=True),
                name="menu_publication_due_while_open",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=["failed", "cancelled"]) & ~Q(reason=""))
                | (~Q(state__in=["failed", "cancelled"]) & Q(reason="")),
                name="menu_publication_reason_when_not_done",
            ),
        ]
        indexes = [
            *WorkRow.Meta.indexes,
            models.Index(fields=["menu", "-id"], name="menu_publication_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.menu} · {self.get_state_display()}"

    def on_failure(self, error: object) -> dict[str, Any]:
        reason = self.Reason.REFUSED if hasattr(error, "errcode") else self.Reason.UNREACHABLE
        if error == interruptions.ENDED:
            reason = self.Reason.INTERRUPTED
        return {"state": self.State.FAILED, "reason": reason, "finished_at": timezone.now()}

    @property
    def explanation(self) -> str:
        """Returns in words why it is not published."""
        if self.state == self.State.PUBLISHING and not self.error and heartbeat.is_missing(self):
            return str(_("No worker is at it at the moment, as after a restart. It goes on within seconds."))
        if self.errcode == NOT_LINKED and (names := self._not_linked()):
            return _("The mini program of “%(names)s” is not linked to this account.") % {"names": names}
        if self.errcode is not None:
            return in_words(self.errcode)
        reason = self.get_reason_display()
        return self.error or reason if self.reason == self.Reason.NOT_READY else reason

    def _not_linked(self) -> str:
        """Returns the names of the buttons that open mini programs which are not linked."""
        foreign = MiniProgram.objects.filter(account=self.account_id, linked=False).values("appid")
        items = MenuItem.objects.filter(
            version=self.version_id, kind=ButtonKind.MINIPROGRAM, appid__in=foreign
        )
        return "、".join(items.values_list("name", flat=True))


class LiveMenu(WorkRow):
    """The menus that WeChat showed for an account when last read; ``live`` is what ``menus.live`` dumped."""

    account = models.OneToOneField(
        OfficialAccount, models.CASCADE, related_name="live_menu", verbose_name=_("account")
    )
    live = models.JSONField(null=True, blank=True)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    differs_since = models.DateTimeField(_("differs since"), null=True, blank=True)

    class Meta(WorkRow.Meta):
        verbose_name = _("live menu")
        verbose_name_plural = _("live menus")

    def __str__(self) -> str:
        return str(self.account)

    def give_up(self, error: object, **changes: Any) -> bool:
        """Schedules another reading later, instead of giving up."""
        return self.again(error, timezone.now() + AFTER_ERROR, **changes)
