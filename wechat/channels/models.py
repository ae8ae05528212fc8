"""The models of channels: their QR codes, welcomes, scans and attributions, and posters."""

import secrets
import uuid
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.followers.handles import handle_name
from accounts.followers.models import Tag
from accounts.official.models import OfficialAccount
from wechat.contents.models import HasContent
from wechat.inbox.models import InboundMessage
from wechat.kernel.work import WorkRow

SCENE_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
SCENE_PREFIX = "ch_"
LONGEST_DAYS = 30
# In fen.
HIGHEST_COST = 9_999_999_999


def new_scene() -> str:
    """Returns a new random scene for a code.

    Its prefix distinguishes it from the scenes of other features.
    """
    return SCENE_PREFIX + "".join(secrets.choice(SCENE_LETTERS) for _each in range(12))


class Channel(models.Model):
    """A place, a person or an action that brings followers, with a code of its own."""

    class Lifetime(models.TextChoices):
        PERMANENT = "permanent", _("Permanent")
        TEMPORARY = "temporary", _("Temporary")

    class Strategy(models.TextChoices):
        ALL = "all", _("All of them")
        RANDOM = "random", _("One at random")

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="channels", verbose_name=_("account")
    )
    name = models.CharField(_("name"), max_length=60)
    group = models.CharField(
        _("group of channels"),
        max_length=40,
        blank=True,
        help_text=_("For finding and comparing, such as “stores”."),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("responsible"),
    )
    place = models.CharField(_("place"), max_length=120, blank=True)
    cost = models.PositiveBigIntegerField(_("cost in fen"), default=0)
    lifetime = models.CharField(
        _("kind of code"),
        max_length=12,
        choices=Lifetime.choices,
        default=Lifetime.PERMANENT,
        help_text=_("An account has 100,000 permanent codes in all; a temporary one lasts 30 days at most."),
    )
    days = models.PositiveSmallIntegerField(
        _("valid for days"),
        default=LONGEST_DAYS,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_DAYS)],
    )
    scene = models.CharField(_("scene"), max_length=64, default=new_scene, editable=False)
    tags = models.ManyToManyField(
        Tag,
        blank=True,
        related_name="+",
        verbose_name=_("tags"),
        help_text=_("Whoever scans the code gets these tags."),
    )
    new_strategy = models.CharField(
        _("to new followers, of several messages"),
        max_length=8,
        choices=Strategy.choices,
        default=Strategy.ALL,
    )
    existing_strategy = models.CharField(
        _("to existing followers, of several messages"),
        max_length=8,
        choices=Strategy.choices,
        default=Strategy.ALL,
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "name"],
                name="channel_name_once_per_account",
                violation_error_message=_("There is a channel of this name already."),
            ),
            models.UniqueConstraint(fields=["account", "scene"], name="channel_scene_once_per_account"),
            models.CheckConstraint(
                condition=Q(lifetime__in=["permanent", "temporary"]), name="channel_lifetime_known"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="channel_newest"),
            models.Index(fields=["account", "group", "-id"], name="channel_by_group"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def tag_names(self) -> list[str]:
        return [tag.name for tag in self.tags.all()]

    @property
    def answered_by(self) -> str:
        """Returns the mark by which the message log names the channel's welcome."""
        return f"channel:{self.pk}"


class Code(WorkRow):
    """The code of a channel on the platform.

    waiting → drawing → ready | failed. The former ticket and picture stay until a new code replaces them.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Being made")
        DRAWING = "drawing", _("Picture on its way")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    channel = models.OneToOneField(Channel, models.CASCADE, related_name="code", verbose_name=_("channel"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    ticket = models.TextField(blank=True)
    url = models.TextField(_("address in the code"), blank=True)
    made_at = models.DateTimeField(_("made"), null=True, blank=True)
    expires_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    picture = models.FileField(_("picture"), max_length=200, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, default=timezone.now)

    class Meta:
        verbose_name = _("code")
        verbose_name_plural = _("codes")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "drawing"], due_at__isnull=False)
                | Q(state__in=["ready", "failed"], due_at__isnull=True),
                name="channel_code_due_while_open",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "failed"]) | (~Q(ticket="") & ~Q(url="")),
                name="channel_code_has_ticket_once_made",
            ),
        ]
        indexes = [
            *WorkRow.Meta.indexes,
            models.Index(
                fields=["expires_at"], name="channel_code_ends", condition=Q(expires_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.get_state_display()

    def on_failure(self, error: object) -> dict[str, Any]:
        return {"state": self.State.FAILED}

    @property
    def is_over(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def can_be_scanned(self) -> bool:
        return bool(self.url) and not self.is_over


class Welcome(HasContent):
    """A message of a channel to those who scan its code."""

    class Audience(models.TextChoices):
        NEW = "new", _("New followers")
        EXISTING = "existing", _("Existing followers")

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="welcomes", verbose_name=_("channel"))
    audience = models.CharField(_("said to"), max_length=8, choices=Audience.choices)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("welcome")
        verbose_name_plural = _("welcomes")
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(audience__in=["new", "existing"]), name="welcome_audience_known"
            )
        ]


class Scan(models.Model):
    """One scan of a channel's code, counted once whatever the platform repeats.

    ``left_at`` is when a follower who followed by this scan first left afterwards.
    """

    class Kind(models.TextChoices):
        NEW = "new", _("New follower")
        AGAIN = "again", _("Followed again")
        EXISTING = "existing", _("Existing follower")

    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False, verbose_name=_("account"))
    channel = models.ForeignKey(
        Channel, models.PROTECT, db_index=False, related_name="scans", verbose_name=_("channel")
    )
    openid = models.CharField(_("OpenID"), max_length=64)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    at = models.DateTimeField(_("scanned at"))
    left_at = models.DateTimeField(_("left"), null=True, blank=True)
    message = models.OneToOneField(
        InboundMessage,
        models.SET_NULL,
        db_constraint=False,
        null=True,
        related_name="+",
        verbose_name=_("message"),
    )

    class Meta:
        verbose_name = _("scan")
        verbose_name_plural = _("scans")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["new", "again", "existing"]), name="scan_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(left_at__gte=F("at")), name="scan_left_after_it"
            ),
        ]
        indexes = [
            # Contains all columns that the reports read: index-only scans.
            models.Index(
                fields=["account", "at"], include=["channel", "kind", "left_at"], name="scan_report"
            ),
            models.Index(fields=["channel", "at"], include=["kind", "left_at"], name="scan_of_channel"),
            models.Index(fields=["account", "openid", "-at"], name="scan_of_follower"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {handle_name(self.openid)}"


class Attribution(models.Model):
    """The first and the last channel that a follower came by, independent of the order of processing."""

    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False, verbose_name=_("account"))
    openid = models.CharField(_("OpenID"), max_length=64)
    first_channel = models.ForeignKey(
        Channel, models.CASCADE, related_name="+", verbose_name=_("first channel")
    )
    first_at = models.DateTimeField(_("first scan"))
    last_channel = models.ForeignKey(
        Channel, models.CASCADE, related_name="+", verbose_name=_("last channel")
    )
    last_at = models.DateTimeField(_("last scan"))

    class Meta:
        verbose_name = _("attribution")
        verbose_name_plural = _("attributions")
        constraints = [
            models.UniqueConstraint(fields=["account", "openid"], name="attribution_once_per_follower"),
            models.CheckConstraint(condition=Q(first_at__lte=F("last_at")), name="attribution_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.first_channel} → {self.last_channel}"


def _poster_path(poster: "Poster", filename: str) -> str:
    """Returns an unguessable path with the suffix of the detected file type."""
    return f"channels/{poster.account_id}/posters/{uuid.uuid4().hex}{PurePath(filename).suffix}"


class Poster(models.Model):
    """A background picture, and the place of a channel's code on it in pixels of the picture."""

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="posters", verbose_name=_("account")
    )
    name = models.CharField(_("name"), max_length=60)
    background = models.ImageField(
        _("background picture"),
        upload_to=_poster_path,
        max_length=200,
        width_field="width",
        height_field="height",
        help_text=_("PNG or JPG, at most 10 MB and 6,000 pixels a side."),
    )
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    left = models.PositiveIntegerField(_("from the left"), default=0)
    top = models.PositiveIntegerField(_("from the top"), default=0)
    size = models.PositiveIntegerField(_("size of the code"), default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("poster")
        verbose_name_plural = _("posters")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Checks that the whole code fits on the picture, if there is one."""
        if not self.background:
            return
        if self.left + self.size > self.width or self.top + self.size > self.height:
            raise ValidationError(_("The code would stick out of the picture: move it or make it smaller."))
