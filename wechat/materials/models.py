"""The media library: files that replies and pushes refer to, kept here and on the platform."""

import uuid
from pathlib import PurePath

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import OfficialAccount


def _path(asset: "Asset", filename: str) -> str:
    """A name nobody can guess; the ending is what the file was found to be."""
    return f"materials/{asset.account_id}/{uuid.uuid4().hex}{PurePath(filename).suffix}"


class Asset(models.Model):
    """A picture, voice, video or cover, and the permanent material it became on the platform.

    Reference: WeChat reference 12.2 Permanent material.
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
    name = models.CharField(_("name"), max_length=60, help_text=_("For you to find it by."))
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

    media_id = models.CharField(_("media ID"), max_length=255, blank=True, editable=False)
    url = models.CharField(_("address on WeChat"), max_length=500, blank=True, editable=False)
    uploaded_at = models.DateTimeField(_("uploaded"), null=True, blank=True, editable=False)

    state = models.CharField(
        _("state"), max_length=8, choices=State.choices, default=State.PENDING, editable=False
    )
    due_at = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    errcode = models.IntegerField(null=True, blank=True, editable=False)
    error = models.TextField(_("error"), blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("media file")
        verbose_name_plural = _("media library")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="pending", due_at__isnull=False)
                | Q(state__in=["uploaded", "failed"], due_at__isnull=True),
                name="asset_due_while_pending",
            ),
            models.CheckConstraint(
                condition=~Q(state="uploaded") | ~Q(media_id=""), name="asset_uploaded_has_media_id"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "kind", "-id"], name="asset_by_kind"),
            models.Index(fields=["due_at"], name="asset_due", condition=Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name
