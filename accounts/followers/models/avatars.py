"""The model of our copies of followers' pictures."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from wechat.kernel.work import WorkRow


def _path(avatar: "Avatar", filename: str) -> str:
    """Returns a path with a name nobody can guess."""
    return f"avatars/{avatar.account_id}/{uuid.uuid4().hex}.{filename.rpartition('.')[2]}"


class Avatar(WorkRow):
    """The picture at ``url``, fetched once: the platform's address dies when the person changes theirs.

    ``due_at`` is when it is to be fetched; empty once it is here, or once it was given up.
    """

    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False, related_name="+")
    openid = models.CharField(max_length=64)
    url = models.URLField(max_length=500)
    file = models.FileField(max_length=200, upload_to=_path, blank=True)
    due_at = models.DateTimeField(null=True, blank=True, default=timezone.now)

    class Meta(WorkRow.Meta):
        verbose_name = _("picture of a follower")
        constraints = [models.UniqueConstraint(fields=["account", "openid"], name="avatar_once_per_person")]

    def __str__(self) -> str:
        return self.openid
