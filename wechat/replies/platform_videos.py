"""The import of videos in the platform's own auto-replies.

The platform returns the temporary address of a video file, without a media ID: the file is downloaded into
the media library and uploaded again.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.official.clients import may_download_from
from accounts.official.models import OfficialAccount
from wechat.materials import library, limits
from wechat.materials.models import Asset
from wechat.sdk.answers import part, rows
from wechat.sdk.downloads import download
from wechat.sdk.errors import TransportError

SECONDS = 20.0
TIMEOUT = (3.0, 10.0)
LARGEST = limits.LIMITS[Asset.Kind.VIDEO].largest


def take_over(account: OfficialAccount, info: dict[str, Any]) -> None:
    """Replaces the addresses of videos in the answer of ``get_current_autoreply_info`` by media IDs.

    A video that cannot be downloaded keeps its address. Raises ``WeChatError`` if the platform refuses one.
    """
    for reply in _replies(info):
        address = reply.get("content")
        if reply.get("type") != "video" or not str(address).startswith(("http://", "https://")):
            continue
        try:
            reply["content"] = _taken(account, str(address)).media_id
        except (TransportError, ValidationError):
            continue


def _replies(info: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in ("add_friend_autoreply_info", "message_default_autoreply_info"):
        if reply := part(info, name):
            yield reply
    for rule in rows(part(info, "keyword_autoreply_info"), "list"):
        yield from rows(rule, "reply_list_info")


def _taken(account: OfficialAccount, address: str) -> Asset:
    body = download(address, admission=may_download_from, most=LARGEST, seconds=SECONDS, timeout=TIMEOUT)
    file = ContentFile(body, name="video.mp4")
    content_type = limits.check(Asset.Kind.VIDEO, file)
    # The digest names the file, because its address differs in every import.
    name = _("Auto-reply %(digest)s") % {"digest": hashlib.sha256(body).hexdigest()[:16]}
    asset, _made = Asset.objects.get_or_create(
        account=account,
        kind=Asset.Kind.VIDEO,
        name=name,
        defaults={
            "file": file, "size": len(body), "content_type": content_type, "due_at": timezone.now()
        },
    )  # fmt: skip
    if not asset.media_id:
        library.upload(asset)
    return asset
