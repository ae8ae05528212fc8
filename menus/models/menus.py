"""The models of menus, their versions and buttons, and open editors."""

from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.followers.models import Tag
from accounts.official.models import OfficialAccount
from menus.kinds import ButtonKind
from wechat.contents.models import HasContent
from wechat.materials.models import Asset
from wechat.replies.models import Rule


class Platform(models.IntegerChoices):
    """The system of a phone, as the platform's ``client_platform_type``."""

    IOS = 1, _("iPhone")
    ANDROID = 2, _("Android")
    OTHER = 3, _("Other systems")


class Menu(models.Model):
    """A menu for one audience: everybody, or the followers with a tag, a system, or both.

    It has a draft from its beginning, and always.
    """

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="menus", verbose_name=_("account")
    )
    name = models.CharField(_("name"), max_length=60)
    conditional = models.BooleanField(_("for some followers only"), default=False)
    tag = models.ForeignKey(
        Tag, models.PROTECT, null=True, blank=True, related_name="menus", verbose_name=_("tag")
    )
    platform = models.PositiveSmallIntegerField(_("system"), null=True, blank=True, choices=Platform.choices)
    # Further criteria of a matchrule made elsewhere: {"sex": "1"}.
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

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        is_new = self._state.adding
        super().save(*args, **kwargs)
        if is_new:
            Version.objects.create(menu=self)

    @property
    def place(self) -> tuple[int, int]:
        """Returns the sort key of the menus for some followers, the upper one first."""
        return self.position, self.pk

    @property
    def audience(self) -> dict[str, Any]:
        """Returns the audience from the menu's next version on, in the form that versions store."""
        return {"tag": self.tag_id, "platform": self.platform, "other": self.other_rule}


class Version(models.Model):
    """A version of a menu's buttons: the one draft, which changes, or a numbered version, which does not.

    ready → published → superseded, and back to published when it is published again. ``revision`` counts the
    changes of a draft: a save names the one it started from. ``audience`` is the menu's when the version was
    made (empty in a draft): a version that is live or approved keeps its own.
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
    audience = models.JSONField(default=dict, blank=True, editable=False)
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

    @property
    def shown_to(self) -> dict[str, Any]:
        """Returns the audience of the version; a draft has that of the menu."""
        return self.menu.audience if self.state == self.State.DRAFT else self.audience


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


class Editing(models.Model):
    """A member of staff who has a draft open, as the open page reports every few seconds."""

    menu = models.ForeignKey(Menu, models.CASCADE, related_name="editing")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = _("open editor")
        verbose_name_plural = _("open editors")
        constraints = [models.UniqueConstraint(fields=["menu", "user"], name="menu_editing_once")]

    def __str__(self) -> str:
        return f"{self.menu} · {self.user}"
