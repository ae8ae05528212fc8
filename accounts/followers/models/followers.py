"""The models of followers and of the platform's tags."""

from typing import Any

from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models.functions import MD5, Left
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.followers.handles import DIGITS, handle_name
from accounts.official.models import OfficialAccount
from accounts.staff import personal_data
from wechat.kernel.work import WorkRow


class Tag(WorkRow):
    """A tag of the platform; ``platform_id`` is empty until the tag exists there.

    A change made here is due work (``accounts.followers.sending_tags``) until it is sent to the platform.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        THERE = "there", _("on WeChat")
        DELETING = "deleting", _("being deleted")
        FAILED = "failed", _("failed")

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="tags", verbose_name=_("account")
    )
    name = models.CharField(_("name"), max_length=30)
    platform_id = models.PositiveIntegerField(_("platform ID"), null=True, blank=True, editable=False)
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.WAITING, editable=False
    )
    # The platform's count when the tags were last read.
    count = models.PositiveIntegerField(_("followers"), default=0, editable=False)
    due_at = models.DateTimeField(null=True, blank=True, editable=False, default=timezone.now)

    class Meta(WorkRow.Meta):
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["account", "name"], name="tag_name_once_per_account"),
            models.UniqueConstraint(
                fields=["account", "platform_id"], name="tag_platform_id_once_per_account"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def on_failure(self, error: object) -> dict[str, Any]:
        return {"state": self.State.FAILED}


class Follower(models.Model):
    """A person who wrote to, followed or left an account; created and updated by the platform's callbacks.

    ``nickname`` and ``avatar_url`` come only from the follower's own consent at ``consented_at`` (OAuth): the
    platform tells no account who its followers are.
    """

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="followers", verbose_name=_("account")
    )
    openid = models.CharField(_("OpenID"), max_length=64, validators=[MinLengthValidator(1)])
    unionid = models.CharField(_("UnionID"), max_length=64, blank=True)
    subscribed = models.BooleanField(_("follows"), default=True)
    first_subscribed_at = models.DateTimeField(_("first followed"), null=True, blank=True)
    subscribed_at = models.DateTimeField(_("followed"), null=True, blank=True)
    unsubscribed_at = models.DateTimeField(_("left"), null=True, blank=True)
    subscribe_scene = models.CharField(_("came by"), max_length=64, blank=True)
    # The scene of the QR code by which they followed: a number or a text, never both.
    qr_scene = models.PositiveBigIntegerField(_("channel number"), db_default=0)
    qr_scene_str = models.CharField(_("channel"), max_length=64, blank=True, db_default="")
    language = models.CharField(_("language"), max_length=16, blank=True, db_default="")
    last_seen_at = models.DateTimeField(_("last seen"), null=True, blank=True)
    # The type of their last message, or the name of the event, which may be unknown to this project.
    last_seen_kind = models.CharField(_("last did"), max_length=64, blank=True)
    remark = models.CharField(_("remark"), max_length=30, blank=True)
    blacklisted = models.BooleanField(_("blacklisted"), db_default=False)
    nickname = models.CharField(_("nickname"), max_length=64, blank=True, db_default="")
    avatar_url = models.URLField(_("avatar"), max_length=500, blank=True, db_default="")
    consented_at = models.DateTimeField(_("consented"), null=True, blank=True)
    # When the profile was last read from the platform; if empty, it is to be read.
    profiled_at = models.DateTimeField(_("profile fetched"), null=True, blank=True, editable=False)
    tags = models.ManyToManyField(Tag, related_name="followers", blank=True, verbose_name=_("tags"))

    class Meta:
        verbose_name = _("follower")
        verbose_name_plural = _("followers")
        constraints = [
            models.UniqueConstraint(fields=["account", "openid"], name="follower_once_per_account")
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="follower_newest"),
            models.Index(fields=["account", "-last_seen_at"], name="follower_last_seen"),
            models.Index(fields=["account", "-subscribed_at"], name="follower_followed"),
            models.Index(
                fields=["account", "-id"], name="follower_gone", condition=models.Q(subscribed=False)
            ),
            models.Index(
                fields=["account", "-unsubscribed_at"],
                name="follower_left",
                condition=models.Q(subscribed=False),
            ),
            models.Index(
                fields=["account", "-id"], name="follower_blacklisted", condition=models.Q(blacklisted=True)
            ),
            models.Index(
                fields=["account", "qr_scene_str", "-id"],
                name="follower_channel",
                condition=~models.Q(qr_scene_str=""),
            ),
            models.Index(
                fields=["account", "qr_scene", "-id"],
                name="follower_channel_number",
                condition=~models.Q(qr_scene=0),
            ),
            models.Index(fields=["unionid"], name="follower_person", condition=~models.Q(unionid="")),
            models.Index(
                fields=["account", "id"],
                name="follower_unprofiled",
                condition=models.Q(profiled_at__isnull=True, subscribed=True),
            ),
            models.Index(fields=["account", "-id"], name="follower_remarked", condition=~models.Q(remark="")),
            models.Index(fields=["account", "-id"], name="follower_named", condition=~models.Q(nickname="")),
            # For finding a follower by handle: ``accounts.followers.handles``.
            models.Index("account", Left(MD5("openid"), DIGITS), name="follower_handle"),
        ]

    def __str__(self) -> str:
        called = "" if personal_data.is_hidden_from_reader(self.account_id) else self.remark or self.nickname
        return called or handle_name(self.openid)
