"""The model of pictures that belong to one conversation."""

import uuid
from pathlib import PurePath

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.followers.handles import handle_name
from accounts.official.models import OfficialAccount
from wechat.pushes.models.push import Push


def _path(picture: "ConversationPicture", filename: str) -> str:
    """Returns an unguessable path; the extension is that of the detected type."""
    return f"conversations/{picture.account_id}/{uuid.uuid4().hex}{PurePath(filename).suffix}"


class ConversationPicture(models.Model):
    """A picture that staff send to one follower, such as a screenshot.

    It is no ``Asset``, because it shares nothing with the library: nobody else may choose it, it is uploaded
    anew for every attempt to send it instead of being renewed every few days, it waits in line with the other
    messages of the conversation, and it goes when the media of conversations go.

    ``push`` is the message that sends it, ``None`` until there is one.
    """

    account = models.ForeignKey(OfficialAccount, models.CASCADE, db_index=False, related_name="+")
    openid = models.CharField(_("OpenID"), max_length=64)
    push = models.OneToOneField(Push, models.CASCADE, null=True, related_name="picture")
    file = models.FileField(_("file"), upload_to=_path, max_length=200)
    content_type = models.CharField(_("type"), max_length=40)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("picture of a conversation")
        verbose_name_plural = _("pictures of conversations")
        indexes = [
            models.Index(fields=["account", "openid"], name="conversation_picture_whose"),
            models.Index(fields=["created_at"], name="conversation_picture_oldest"),
            models.Index(
                fields=["created_at"], name="conversation_picture_unsent", condition=Q(push__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return handle_name(self.openid)
