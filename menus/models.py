"""Menus by audience, their versions and buttons, what was published, what is live, and who tapped what."""

import datetime
from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.followers.models import Tag
from accounts.official.errcodes import in_words
from accounts.official.models import OfficialAccount
from menus.kinds import ButtonKind
from wechat.contents.models import HasContent
from wechat.inbox.models import InboundMessage
from wechat.kernel.work import WorkRow, heartbeat
from wechat.materials.models import Asset
from wechat.replies.models import Rule

# The platform's word for a mini program that the account may not open.
NOT_LINKED = 45064
# After a look that failed.
AFTER_ERROR = datetime.timedelta(minutes=30)


class Platform(models.IntegerChoices):
    """The platform's client_platform_type."""

    IOS = 1, _("iPhone")
    ANDROID = 2, _("Android")
    OTHER = 3, _("Other systems")


class Menu(models.Model):
    """What one audience is shown: everybody, or the followers that a tag and a system pick out."""

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="menus", verbose_name=_("account")
    )
    name = models.CharField(_("name"), max_length=60)
    conditional = models.BooleanField(_("for some followers only"), default=False)
    tag = models.ForeignKey(
        Tag, models.PROTECT, null=True, blank=True, related_name="menus", verbose_name=_("tag")
    )
    platform = models.PositiveSmallIntegerField(_("system"), null=True, blank=True, choices=Platform.choices)
    # What a rule made elsewhere says besides: {"sex": "1"}.
    other_rule = models.JSONField(default=dict, blank=True, editable=False)
    position = models.PositiveSmallIntegerField(
        _("position"), default=0, help_text=_("Of two menus that fit a follower, the upper one is shown.")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("menu")
        verbose_name_plural = _("menus")
        ordering = ["conditional", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(conditional=False), name="menu_default_once_per_account"
            ),
            models.CheckConstraint(
                condition=Q(conditional=True) | Q(tag=None, platform=None),
                name="menu_default_is_for_everybody",
            ),
            models.CheckConstraint(
                condition=Q(platform=None) | Q(platform__in=[1, 2, 3]), name="menu_platform_known"
            ),
        ]
        indexes = [models.Index(fields=["account", "conditional", "position"], name="menu_order")]

    def __str__(self) -> str:
        return self.name


class Version(models.Model):
    """A menu's buttons: the one draft, which changes, and what was ready to be published, which does not.

    ready → published → superseded, and back to published when it is published again. ``revision`` counts
    the changes of a draft: who saves names the one they started from.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        READY = "ready", _("Not published")
        PUBLISHED = "published", _("Live")
        SUPERSEDED = "superseded", _("Replaced")

    menu = models.ForeignKey(Menu, models.CASCADE, related_name="versions", verbose_name=_("menu"))
    number = models.PositiveIntegerField(_("version number"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.DRAFT)
    revision = models.PositiveIntegerField(default=0, editable=False)
    note = models.CharField(_("note"), max_length=120, blank=True)
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("saved by"),
    )
    saved_at = models.DateTimeField(_("saved"), auto_now_add=True)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    superseded_at = models.DateTimeField(_("replaced"), null=True, blank=True)

    class Meta:
        verbose_name = _("version of a menu")
        verbose_name_plural = _("versions of menus")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["menu"], condition=Q(state="draft"), name="menu_one_draft"),
            models.UniqueConstraint(fields=["menu"], condition=Q(state="published"), name="menu_one_live"),
            models.UniqueConstraint(fields=["menu", "number"], name="menu_version_number_once"),
            models.CheckConstraint(
                condition=Q(state="draft", number=None)
                | (Q(state__in=["ready", "published", "superseded"]) & ~Q(number=None)),
                name="menu_version_numbered_once_ready",
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(published_at__isnull=False),
                name="menu_version_published_at",
            ),
        ]

    def __str__(self) -> str:
        if self.number is None:
            return f"{self.menu} · {self.get_state_display()}"
        return _("%(menu)s · version %(number)d") % {"menu": self.menu, "number": self.number}


class MenuItem(HasContent):
    """A button of a version; ``uid`` is the same in every version. ``content`` is empty without a reply."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="items", verbose_name=_("version"))
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    position = models.PositiveSmallIntegerField(_("position"))
    uid = models.CharField(max_length=16, validators=[RegexValidator(r"\A[a-z0-9]{4,16}\Z")])
    name = models.CharField(_("name"), max_length=200, blank=True)
    kind = models.CharField(
        _("what a tap does"), max_length=24, choices=ButtonKind.choices, default=ButtonKind.CLICK
    )
    key = models.CharField(max_length=200, blank=True)
    url = models.CharField(_("address"), max_length=4000, blank=True)
    appid = models.CharField(_("mini program"), max_length=64, blank=True)
    pagepath = models.CharField(_("page path"), max_length=1024, blank=True)
    media_id = models.CharField(max_length=255, blank=True)
    article_id = models.CharField(_("article"), max_length=128, blank=True)
    article_title = models.CharField(_("title"), max_length=200, blank=True)
    file = models.ForeignKey(
        Asset, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("file")
    )
    rule = models.ForeignKey(
        Rule, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("rule")
    )
    raw = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("menu button")
        verbose_name_plural = _("menu buttons")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["version", "uid"], name="menu_item_uid_once"),
            models.UniqueConstraint(
                fields=["version", "parent", "position"],
                name="menu_item_place_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="menu_item_not_in_itself"),
            models.CheckConstraint(condition=Q(kind__in=ButtonKind.values), name="menu_item_kind_known"),
        ]
        indexes = [models.Index(fields=["uid"], name="menu_item_uid")]

    def __str__(self) -> str:
        return self.name

    @property
    def has_reply(self) -> bool:
        return bool(self.content)


class Publication(WorkRow):
    """One change of what is live: a version to publish, or (without one) a menu to take off.

    scheduled or pending → publishing → published | failed, or cancelled. ``due_at`` is when it starts, and
    when the lease of the worker that has it ends. Of an account one at a time is pending or publishing.
    ``before`` and ``after`` are the live menus as WeChat told them.
    """

    class State(models.TextChoices):
        SCHEDULED = "scheduled", _("Scheduled")
        PENDING = "pending", _("Waiting")
        PUBLISHING = "publishing", _("Being published")
        PUBLISHED = "published", _("Published")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    class Reason(models.TextChoices):
        """Why it failed, or was cancelled."""

        REFUSED = "refused", _("WeChat refused the menu.")
        UNREACHABLE = "unreachable", _("WeChat could not be reached at any attempt.")
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

    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.PENDING)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason.choices, blank=True)
    # The error code with which WeChat refused the menu: only what is live is still to be found out.
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
        return {
            "state": self.State.FAILED,
            "reason": self.Reason.REFUSED if hasattr(error, "errcode") else self.Reason.UNREACHABLE,
            "finished_at": timezone.now(),
        }

    @property
    def explanation(self) -> str:
        """Returns why it is not published, in words."""
        if self.state == self.State.PUBLISHING and not self.error and heartbeat.is_missing(self):
            return str(_("No worker is at it at the moment, as after a restart. It goes on within seconds."))
        if self.errcode == NOT_LINKED and (names := self._not_linked()):
            return _("The mini program of “%(names)s” is not linked to this account.") % {"names": names}
        if self.errcode is not None:
            return in_words(self.errcode)
        reason = self.get_reason_display()
        return self.error or reason if self.reason == self.Reason.NOT_READY else reason

    def _not_linked(self) -> str:
        """The buttons that open what is not linked."""
        foreign = MiniProgram.objects.filter(account=self.account_id, linked=False).values("appid")
        items = MenuItem.objects.filter(
            version=self.version_id, kind=ButtonKind.MINIPROGRAM, appid__in=foreign
        )
        return "、".join(items.values_list("name", flat=True))


class LiveMenu(WorkRow):
    """What WeChat shows for an account, as it was told last; ``live`` as ``menus.live`` writes it."""

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
        """It is looked at again after a while all the same."""
        return self.again(error, timezone.now() + AFTER_ERROR, **changes)


class MiniProgram(models.Model):
    """A mini program that buttons may open. ``linked`` is ``None`` until somebody, or publishing, tells."""

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="linked_miniprograms", verbose_name=_("account")
    )
    appid = models.CharField(
        _("AppID"),
        max_length=32,
        validators=[
            RegexValidator(r"\Awx[0-9a-f]{16}\Z", _("An AppID is wx and 16 small letters a-f or digits."))
        ],
    )
    name = models.CharField(_("name"), max_length=60)
    linked = models.BooleanField(
        _("linked"),
        null=True,
        blank=True,
        help_text=_(
            "Link it on mp.weixin.qq.com first, under 小程序管理. A publication corrects what is said here."
        ),
    )

    class Meta:
        verbose_name = _("mini program for menus")
        verbose_name_plural = _("mini programs for menus")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["account", "appid"], name="menu_miniprogram_once")]

    def __str__(self) -> str:
        return self.name


class LinkCheck(WorkRow):
    """Whether an address that a button opens can be opened; looked at by a worker now and then."""

    url = models.CharField(_("address"), max_length=1024, unique=True)
    status = models.PositiveSmallIntegerField(_("status"), null=True, blank=True)
    checked_at = models.DateTimeField(_("checked"), null=True, blank=True)

    class Meta(WorkRow.Meta):
        verbose_name = _("checked address")
        verbose_name_plural = _("checked addresses")

    def __str__(self) -> str:
        return self.url

    @property
    def is_dead(self) -> bool:
        """A page for WeChat's own browser may well refuse another one: that is no reason to warn."""
        gone = self.status is None or self.status in (404, 410) or self.status >= 500
        return self.checked_at is not None and gone


class Editing(models.Model):
    """Who has a draft open, as the open page says every few seconds."""

    menu = models.ForeignKey(Menu, models.CASCADE, related_name="editing")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("open editor")
        verbose_name_plural = _("open editors")
        constraints = [models.UniqueConstraint(fields=["menu", "user"], name="menu_editing_once")]

    def __str__(self) -> str:
        return f"{self.menu} · {self.user}"


class Tap(models.Model):
    """One tap, by the message that told of it: counted when the row is made, so once."""

    message = models.OneToOneField(InboundMessage, models.CASCADE, primary_key=True, related_name="+")
    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False)
    version = models.ForeignKey(Version, models.CASCADE, db_index=False)
    uid = models.CharField(max_length=16)
    openid = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("tap")
        verbose_name_plural = _("taps")
        indexes = [models.Index(fields=["account", "openid", "-at"], name="menu_tap_of_follower")]

    def __str__(self) -> str:
        return f"{self.uid} · {self.openid}"


class Tapper(models.Model):
    """A follower who tapped a button of a version at least once."""

    version = models.ForeignKey(Version, models.CASCADE, db_index=False)
    uid = models.CharField(max_length=16)
    openid = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("follower who tapped")
        verbose_name_plural = _("followers who tapped")
        constraints = [models.UniqueConstraint(fields=["version", "uid", "openid"], name="menu_tapper_once")]

    def __str__(self) -> str:
        return f"{self.uid} · {self.openid}"


class TapDay(models.Model):
    """A button's taps on one day (Asia/Shanghai); ``followers`` are those who never tapped it before."""

    version = models.ForeignKey(Version, models.CASCADE, db_index=False, related_name="tap_days")
    uid = models.CharField(max_length=16)
    day = models.DateField()
    taps = models.PositiveIntegerField(default=0)
    followers = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("taps of a day")
        verbose_name_plural = _("taps by day")
        constraints = [models.UniqueConstraint(fields=["version", "uid", "day"], name="menu_tap_day_once")]

    def __str__(self) -> str:
        return f"{self.uid} · {self.day} · {self.taps}"
