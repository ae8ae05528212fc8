"""The models of the media library: files of replies and pushes, stored here and on the platform."""

import uuid
from pathlib import PurePath
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from wechat.kernel.work import WorkRow


def _path(asset: "Asset", filename: str) -> str:
    """Returns an unguessable path; the extension is that of the detected type."""
    return f"materials/{asset.account_id}/{uuid.uuid4().hex}{PurePath(filename).suffix}"


class Asset(WorkRow):
    """A picture, voice, video or cover of an account, and its copy on the platform.

    Permanent material stays there and takes a place; temporary media are deleted there after three days and
    uploaded again before that. An account that uses another account's file has its own row, with its own
    media ID and the same ``original``: all of them share one file on our disk.

    Reference: WeChat reference 12.1 Temporary media, 12.2 Permanent material.
    """

    class Kind(models.TextChoices):
        IMAGE = "image", _("Picture")
        VOICE = "voice", _("Voice")
        VIDEO = "video", _("Video")
        THUMB = "thumb", _("Cover")

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting to be uploaded")
        UPLOADED = "uploaded", _("On WeChat")
        FAILED = "failed", _("Failed")

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="assets", verbose_name=_("account")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.IMAGE)
    name = models.CharField(_("name"), max_length=60)
    folder = models.CharField(_("folder"), max_length=40, blank=True)
    original = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, editable=False, related_name="copies"
    )
    file = models.FileField(
        _("file"),
        upload_to=_path,
        max_length=200,
        help_text=_(
            "Picture: PNG, JPG, GIF or BMP, at most 10 MB. Voice: MP3, WMA, WAV or AMR, at most 2 MB and 60 "
            "seconds. Video: MP4, at most 10 MB. Cover: JPG, at most 64 KB."
        ),
    )
    content_type = models.CharField(_("type"), max_length=40, editable=False)
    size = models.PositiveIntegerField(_("size in bytes"), editable=False)

    permanent = models.BooleanField(
        _("permanent on WeChat"),
        default=True,
        help_text=_(
            "Menus and articles need permanent files, and WeChat has a limited number of places for them. "
            "Any other file is deleted there after 3 days and uploaded again before, as long as it is here."
        ),
    )
    media_id = models.TextField(_("media ID"), blank=True, editable=False)
    url = models.TextField(_("address on WeChat"), blank=True, editable=False)
    uploaded_at = models.DateTimeField(_("uploaded"), null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(_("deleted there"), null=True, blank=True, editable=False)

    state = models.CharField(
        _("state"), max_length=8, choices=State.choices, default=State.PENDING, editable=False
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("media file")
        verbose_name_plural = _("media files")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="pending", due_at__isnull=False)
                | Q(state="failed", due_at__isnull=True)
                | Q(state="uploaded", permanent=True, due_at__isnull=True)
                | Q(state="uploaded", permanent=False, due_at__isnull=False, expires_at__isnull=False),
                name="asset_due_while_pending_or_temporary",
            ),
            models.UniqueConstraint(fields=["account", "original"], name="asset_used_once_in_an_account"),
            models.CheckConstraint(
                condition=~Q(state="uploaded") | ~Q(media_id=""), name="asset_uploaded_has_media_id"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "kind", "-id"], name="asset_by_kind"),
            models.Index(fields=["account", "folder", "-id"], name="asset_by_folder"),
            models.Index(fields=["file"], name="asset_by_file"),
            *WorkRow.Meta.indexes,
        ]

    def __str__(self) -> str:
        return self.name

    def on_failure(self, error: object) -> dict[str, Any]:
        return {"state": self.State.FAILED}

    @property
    def family(self) -> "models.QuerySet[Asset]":
        """Returns the rows of the same file in all accounts that use it, including this one."""
        first = self.original_id or self.pk
        return Asset.objects.filter(Q(pk=first) | Q(original=first))


class MaterialQuota(WorkRow):
    """The number of used places in an account's permanent library, as last read from the platform."""

    account = models.OneToOneField(OfficialAccount, models.CASCADE, related_name="quota")
    image = models.PositiveIntegerField(default=0)
    voice = models.PositiveIntegerField(default=0)
    video = models.PositiveIntegerField(default=0)
    news = models.PositiveIntegerField(default=0)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta(WorkRow.Meta):
        verbose_name = _("places on WeChat")
        verbose_name_plural = _("places on WeChat")

    def __str__(self) -> str:
        return str(self.account)


class MaterialReading(WorkRow):
    """A reading of an account's permanent library from the platform, with its progress."""

    account = models.OneToOneField(OfficialAccount, models.CASCADE, related_name="material_reading")
    kind = models.CharField(max_length=8, choices=Asset.Kind.choices, default=Asset.Kind.IMAGE)
    offset = models.PositiveIntegerField(default=0)
    # The numbers of files that are here now, and of those that cannot be used here.
    found = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta(WorkRow.Meta):
        verbose_name = _("reading of the library")
        verbose_name_plural = _("readings of the library")

    def __str__(self) -> str:
        return str(self.account)
