"""The pictures that staff send from their own device: kept beside the conversation, and uploaded when sent.

They are kept as long as the files of followers; one that was never sent is kept for a day.

Reference: WeChat reference 8.2 (customer-service messages), 12.1 (temporary media).
"""

import datetime
from collections.abc import Iterable, Sequence

from django.core.files import File
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from wechat.kernel import files, retention
from wechat.materials import limits
from wechat.materials.models import Asset
from wechat.pushes.models import ConversationPicture, Push
from wechat.sdk.calls import media
from wechat.sdk.client import Client
from wechat.sdk.errors import ContentError, TransportError

KIND = Asset.Kind.IMAGE
UNSENT_FOR = datetime.timedelta(days=1)


def keep(account: OfficialAccount, openid: str, uploaded: File[bytes]) -> ConversationPicture:
    """Keeps an uploaded picture for a follower, in a format that WeChat accepts.

    Raises ``ValidationError`` with what to change, as for files of the library.
    """
    file = limits.converted(KIND, uploaded)
    content_type = limits.check(KIND, file)
    file.name = f"picture.{files.extension(content_type)}"
    return ConversationPicture.objects.create(
        account=account, openid=openid, file=file, content_type=content_type
    )


def attach(picture: ConversationPicture, push: Push) -> bool:
    """Makes this the picture of a message; returns ``False`` if it is that of another one already."""
    if ConversationPicture.objects.filter(pk=picture.pk, push=None).update(push=push):
        picture.push = push
    return picture.push == push


def is_of(picture: ConversationPicture, push: Push) -> bool:
    """Returns whether this is the picture of the message, or the same file uploaded again."""
    its = ConversationPicture.objects.filter(push=push).first()
    return its is not None and (its == picture or _body(its) == _body(picture))


def delete(pictures: Iterable[ConversationPicture]) -> None:
    """Deletes pictures with their files."""
    for picture in pictures:
        picture.delete()
        picture.file.delete(save=False)


def upload(client: Client, push: Push) -> str:
    """Uploads the picture of a message; returns its media id.

    A lost answer leaves nothing uncertain: the message itself was not sent. Raises ``ContentError`` if the
    file is gone, ``ApiError`` and ``TransportError``.
    """
    try:
        return media.upload_temporary(client, "image", _contents(push))
    except TransportError as error:
        raise TransportError(str(error), outcome_unknown=False) from error


def _contents(push: Push) -> media.Upload:
    picture = ConversationPicture.objects.filter(push=push).first()
    body = _body(picture) if picture else b""
    if picture is None or not body:
        raise ContentError("media_id", "The picture is gone.", code="required")
    name = f"{picture.pk}.{files.extension(picture.content_type)}"
    return media.Upload(name, body, picture.content_type)


def _body(picture: ConversationPicture) -> bytes:
    """Returns the bytes of a picture, none if its file is gone."""
    try:
        with picture.file.open("rb") as file:
            body: bytes = file.read()
    except FileNotFoundError:
        return b""
    return body


def _oldest(before: datetime.datetime, limit: int) -> Sequence[ConversationPicture]:
    unsent = Q(push=None, created_at__lt=timezone.now() - UNSENT_FOR)
    return list(ConversationPicture.objects.filter(Q(created_at__lt=before) | unsent)[:limit])


retention.register(
    "conversation_pictures",
    gettext_lazy("Pictures that staff sent to followers"),
    _oldest,
    delete,
    days_of="media",
)
