"""Files on their way to the platform's permanent library, and out of it.

Reference: WeChat reference 12.2 Permanent material.
"""

import datetime
from typing import cast

from django.db import transaction
from django.utils import timezone

from accounts.clients import client_for
from wechat.kernel import due, files
from wechat.materials.models import Asset
from wechat.sdk.api import media
from wechat.sdk.errors import ApiError, TransportError, WeChatError

State = Asset.State

LEASE = datetime.timedelta(minutes=5)
RETRY_AFTER = [datetime.timedelta(seconds=seconds) for seconds in (5, 30, 300, 3600)]
UNKNOWN_MEDIA = 40007


def upload_due() -> int:
    """Upload what is due until nothing is; how many files were tried."""
    tried = 0
    while rows := due.claim(Asset.objects.select_related("account"), lease=LEASE, limit=1):
        for asset in rows:
            upload(asset)
        tried += len(rows)
    return tried


def upload(asset: Asset) -> None:
    """Make it permanent material. A lost answer is asked for again: a second copy there harms nobody."""
    asset.attempts += 1
    try:
        added = _added(asset)
    except WeChatError as error:
        _failed(asset, error)
    except FileNotFoundError:
        _keep(asset, state=State.FAILED, due_at=None, error="The file is gone from our disk.")
    else:
        _keep(asset, state=State.UPLOADED, due_at=None, uploaded_at=timezone.now(), **added)


def upload_again(asset: Asset) -> None:
    """Have a worker upload it anew; the former media ID is good until the new one is there."""
    asset.state, asset.due_at, asset.attempts = State.PENDING, timezone.now(), 0
    asset.errcode, asset.error = None, ""
    asset.save(update_fields=["state", "due_at", "attempts", "errcode", "error"])


def remove(asset: Asset) -> None:
    """Delete it there and here. Raises ``WeChatError`` if the platform keeps it."""
    if asset.media_id:
        try:
            media.delete(client_for(asset.account), asset.media_id)
        except ApiError as error:
            if error.errcode != UNKNOWN_MEDIA:
                raise
    file = asset.file
    asset.delete()
    transaction.on_commit(lambda: file.delete(save=False))


def _added(asset: Asset) -> dict[str, str]:
    with asset.file.open("rb") as file:
        body = file.read()
    name = f"{asset.pk}.{files.extension(asset.content_type)}"
    contents = media.Upload(name, body, asset.content_type)
    kind = cast(media.Kind, asset.kind)
    answer = media.add_permanent(client_for(asset.account), kind, contents, title=asset.name)
    if not answer.get("media_id"):
        raise TransportError("WeChat answered without a media_id", outcome_unknown=True)
    return {"media_id": str(answer["media_id"]), "url": str(answer.get("url", ""))}


def _failed(asset: Asset, error: WeChatError) -> None:
    errcode = error.errcode if isinstance(error, ApiError) else None
    lasting = isinstance(error, ApiError) and not (error.retryable or error.refresh_token or error.quota)
    if lasting or asset.attempts > len(RETRY_AFTER):
        _keep(asset, state=State.FAILED, due_at=None, errcode=errcode, error=str(error))
    else:
        due_at = timezone.now() + RETRY_AFTER[asset.attempts - 1]
        _keep(asset, due_at=due_at, errcode=errcode, error=str(error))


def _keep(asset: Asset, **outcome: object) -> None:
    """Only what the upload decides: the name may be edited, and the row deleted, in the meantime."""
    kept = {"attempts": asset.attempts, "errcode": None, "error": "", **outcome}
    Asset.objects.filter(pk=asset.pk).update(**kept)
