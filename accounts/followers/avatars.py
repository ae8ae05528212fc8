"""The copies of followers' pictures, made by a worker and kept for as long as the follower agrees.

Pages never show a picture from the platform's address.

Reference: WeChat reference 13.4 (headimgurl dies when the person changes the picture: copy it).
"""

import datetime

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.followers.models import Avatar
from accounts.official.clients import is_api_host
from wechat.kernel import files, work
from wechat.kernel.public_network import is_admitted
from wechat.sdk.downloads import download

FETCH_SECONDS = 15.0
TIMEOUT = (3.0, 5.0)
LARGEST = 1024 * 1024
PICTURES = frozenset({"image/jpeg", "image/png"})
# The platform's hosts of pictures; the API host, which may be a simulator, is allowed as well.
HOSTS = (".qlogo.cn",)
FETCHES = work.Kind(
    "followers.fetch_avatars",
    lambda: Avatar.objects.all(),
    label=gettext_lazy("Fetching followers' pictures"),
    lease=datetime.timedelta(minutes=1),
    queue=work.BULK,
    # The failure of one picture must not put the others on hold.
    subject="",
)


def update(account_id: int, openid: str, url: str) -> None:
    """Queues the copying of the picture that a follower agreed to show; an empty ``url`` deletes the copy."""
    if not url:
        forget(account_id, openid)
        return
    avatar, made = Avatar.objects.get_or_create(account_id=account_id, openid=openid, defaults={"url": url})
    if not made and avatar.url != url:
        Avatar.objects.filter(pk=avatar.pk).update(
            url=url, due_at=timezone.now(), attempts=0, error="", errcode=None
        )
    work.wake("followers.fetch_avatars")


def forget(account_id: int, openid: str) -> None:
    """Deletes the avatar of an openid, with its file."""
    for avatar in Avatar.objects.filter(account=account_id, openid=openid):
        avatar.delete()
        _delete_later(avatar)


@FETCHES.each
def fetch(avatar: Avatar) -> None:
    """Copies a picture; if it cannot be fetched, the former copy is kept."""
    body = download(
        avatar.url, admission=_is_host_of_pictures, most=LARGEST, seconds=FETCH_SECONDS, timeout=TIMEOUT
    )
    kind = files.content_type(body[: files.HEAD_BYTES])
    if kind not in PICTURES or len(body) > LARGEST:
        avatar.give_up("What came is no picture, or too large a one.")
        return
    former = Avatar(file=avatar.file.name)
    avatar.file.save(f"avatar.{files.extension(kind)}", ContentFile(body), save=False)
    # Kept only if the follower has not changed or withdrawn the picture meanwhile.
    kept = avatar.done(file=avatar.file.name)
    _delete_later(former if kept else avatar)


def _is_host_of_pictures(host: str, port: int, address: str) -> bool:
    """Returns whether a picture may be fetched from that host: one of the platform, not of our own network.

    The address is untrusted: it comes with the profile that a person shows.
    """
    return is_api_host(host, port) or (host.endswith(HOSTS) and is_admitted(host, port, address))


def _delete_later(avatar: Avatar) -> None:
    if name := avatar.file.name:
        transaction.on_commit(lambda: avatar.file.storage.delete(name))
