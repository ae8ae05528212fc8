"""Nobody's picture is shown from the platform's address: a worker keeps a copy, for as long as they agree.

Reference: WeChat reference 13.4 (headimgurl dies when the person changes the picture: copy it).
"""

import datetime
import logging

from celery import shared_task
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.clients import is_api_host
from accounts.models import Avatar
from accounts.retrying import again_at
from wechat.kernel import due, files
from wechat.kernel.public_network import is_admitted
from wechat.sdk.downloads import download
from wechat.sdk.errors import TransportError

log = logging.getLogger(__name__)

LEASE = datetime.timedelta(minutes=2)
RUN_SECONDS, FETCH_SECONDS = 20.0, 15.0
TIMEOUT = (3.0, 5.0)
LARGEST = 1024 * 1024
PICTURES = frozenset({"image/jpeg", "image/png"})
# Where the platform keeps them; and the platform's simulator.
HOSTS = (".qlogo.cn",)


def keep(account_id: int, openid: str, url: str) -> None:
    """Have a worker copy the picture they agreed to show now; an empty ``url`` is none."""
    if not url:
        forget(account_id, openid)
        return
    avatar, made = Avatar.objects.get_or_create(account_id=account_id, openid=openid, defaults={"url": url})
    if not made and avatar.url != url:
        Avatar.objects.filter(pk=avatar.pk).update(url=url, due_at=timezone.now(), attempts=0)
    transaction.on_commit(lambda: due.ring(fetch_avatars))


def has(account_id: int, openid: str) -> bool:
    return Avatar.objects.filter(account=account_id, openid=openid).exclude(file="").exists()


def forget(account_id: int, openid: str) -> None:
    """With its file."""
    for avatar in Avatar.objects.filter(account=account_id, openid=openid):
        avatar.delete()
        _delete_later(avatar)


def fetch_due() -> int:
    """How many were fetched, or tried to be."""
    return due.work_off(_open(), _fetch, lease=LEASE, seconds=RUN_SECONDS)


@shared_task(name="accounts.fetch_avatars")
def fetch_avatars() -> int:
    return fetch_due()


def is_due() -> bool:
    return _open().filter(due_at__lte=timezone.now()).exists()


def _open() -> QuerySet[Avatar]:
    return Avatar.objects.filter(due_at__isnull=False)


def _fetch(avatar: Avatar) -> None:
    """A picture that cannot be had leaves the former one, or none: the page does without."""
    # Only while it is still the picture they show, and they still show one.
    current = Avatar.objects.filter(pk=avatar.pk, url=avatar.url)
    try:
        body = _body(avatar.url)
    except TransportError as error:
        log.warning("avatar_failed", extra={"avatar": avatar.pk, "error": str(error)})
        current.update(due_at=again_at(error, avatar.attempts), attempts=avatar.attempts + 1)
        return
    kind = files.content_type(body[: files.HEAD_BYTES])
    if kind not in PICTURES or len(body) > LARGEST:
        log.warning("avatar_refused", extra={"avatar": avatar.pk, "kind": kind})
        current.update(due_at=None)
        return
    former = Avatar(file=avatar.file.name)
    avatar.file.save(f"avatar.{files.extension(kind)}", ContentFile(body), save=False)
    kept = current.update(file=avatar.file.name, due_at=None, attempts=0)
    _delete_later(former if kept else avatar)


def _body(url: str) -> bytes:
    """Raises ``TransportError``."""
    return download(url, admission=_is_the_platforms, most=LARGEST, seconds=FETCH_SECONDS, timeout=TIMEOUT)


def _is_the_platforms(host: str, port: int, address: str) -> bool:
    """The address comes with what a person shows: it must not lead us to a server of our own house."""
    return is_api_host(host, port) or (host.endswith(HOSTS) and is_admitted(host, port, address))


def _delete_later(avatar: Avatar) -> None:
    if name := avatar.file.name:
        transaction.on_commit(lambda: avatar.file.storage.delete(name))
