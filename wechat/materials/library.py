"""The uploads of files to the platform, their renewal, their sharing between accounts, and their deletion.

Reference: WeChat reference 12.1 Temporary media, 12.2 Permanent material.
"""

import datetime
from typing import Any, cast

from django.db import transaction
from django.db.models import Case, QuerySet, Value, When
from django.db.models.fields.files import FieldFile
from django.utils import timezone
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from wechat.kernel import files, work
from wechat.materials import material_quota, thumbnails
from wechat.materials.models import Asset
from wechat.sdk.calls import media
from wechat.sdk.errors import ApiError

State = Asset.State


def _with_storage() -> QuerySet[Asset]:
    """Returns the files, each with the storage at the platform that it is for."""
    storage = Case(When(permanent=True, then=Value("permanent")), default=Value("temporary"))
    return Asset.objects.select_related("account").annotate(storage=storage)


UPLOADS = work.Kind(
    "materials.upload",
    _with_storage,
    label=gettext_lazy("Uploading files to WeChat"),
    lease=datetime.timedelta(minutes=5),
    queue=work.BULK,
    # Two APIs with quotas of their own.
    divided_by="storage",
    parts={"permanent": gettext_lazy("Permanent files"), "temporary": gettext_lazy("Temporary files")},
)
UNKNOWN_MEDIA = 40007
GONE = gettext_noop("The file is gone from this server's disk: add it to the library again.")
# The life of temporary media at the platform; they are renewed half a day early, in case anything is down.
LIFE = datetime.timedelta(days=3)
RENEWED_AFTER = LIFE - datetime.timedelta(hours=12)


@UPLOADS.each
def upload(asset: Asset) -> None:
    """Uploads a file to the platform, again if the answer was lost: a second copy there is harmless."""
    try:
        added = _added(asset)
    except FileNotFoundError:
        asset.give_up(GONE)
        return
    asset.done(**{"state": State.UPLOADED, "uploaded_at": timezone.now(), **added})
    if asset.permanent:
        material_quota.schedule_reading(asset.account)


def upload_again(asset: Asset) -> None:
    """Queues another upload of a file; its former media ID stays valid until then."""
    start_over(asset)
    asset.save(update_fields=["state", "due_at", "attempts", "errcode", "error"])


def start_over(asset: Asset) -> None:
    """Marks a file to be uploaded, without saving the row."""
    asset.state, asset.due_at, asset.attempts = State.PENDING, timezone.now(), 0
    asset.errcode, asset.error = None, ""


def copy_for(asset: Asset, account: OfficialAccount) -> Asset:
    """Returns the account's own row of the file, created on first use and then uploaded by a worker."""
    if found := asset.family.filter(account=account).first():
        return found
    same = {name: getattr(asset, name) for name in ("kind", "name", "content_type", "size", "permanent")}
    found, _made = Asset.objects.get_or_create(
        account=account,
        original_id=asset.original_id or asset.pk,
        defaults={**same, "file": str(asset.file.name), "due_at": timezone.now()},
    )
    return found


def remove(asset: Asset) -> None:
    """Deletes a file of this account, there and here. Raises ``WeChatError`` if the platform keeps it."""
    if asset.media_id and asset.permanent:
        try:
            media.delete(client_for(asset.account), asset.media_id)
        except ApiError as error:
            if error.errcode != UNKNOWN_MEDIA:
                raise
        material_quota.schedule_reading(asset.account)
    file = asset.file
    asset.delete()
    if not Asset.objects.filter(file=file.name).exists():
        transaction.on_commit(lambda: _delete(file))


def _delete(file: FieldFile) -> None:
    thumbnails.delete(file)
    file.delete(save=False)


def _added(asset: Asset) -> dict[str, Any]:
    with asset.file.open("rb") as file:
        body = file.read()
    name = f"{asset.pk}.{files.extension(asset.content_type)}"
    contents = media.Upload(name, body, asset.content_type)
    kind = cast(media.Kind, asset.kind)
    if not asset.permanent:
        now, media_id = timezone.now(), media.upload_temporary(client_for(asset.account), kind, contents)
        return {"media_id": media_id, "url": "", "expires_at": now + LIFE, "due_at": now + RENEWED_AFTER}
    there = media.add_permanent(client_for(asset.account), kind, contents, title=asset.name)
    return {"media_id": there.media_id, "url": there.url, "expires_at": None, "due_at": None}
