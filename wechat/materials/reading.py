"""The reading of an account's permanent library from the platform into ours, page by page.

A file that is here already, known by its media ID, is left as it is.

Reference: WeChat reference 12.2 Permanent material.
"""

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.official.clients import client_for, may_download_from
from accounts.official.models import OfficialAccount
from wechat.kernel import files, work
from wechat.materials import limits
from wechat.materials.models import Asset, MaterialReading
from wechat.sdk.answers import text
from wechat.sdk.calls import media
from wechat.sdk.client import Client
from wechat.sdk.downloads import download
from wechat.sdk.errors import ApiError, TransportError

KINDS = (Asset.Kind.IMAGE, Asset.Kind.VOICE, Asset.Kind.VIDEO)
VIDEO_SECONDS, VIDEO_TIMEOUT = 30.0, (3.0, 10.0)
READINGS = work.Kind(
    "materials.read",
    lambda: MaterialReading.objects.select_related("account"),
    label=gettext_lazy("Reading the library from WeChat"),
    queue=work.BULK,
)


def ask(account: OfficialAccount) -> None:
    """Queues a reading of the whole library, unless one is under way."""
    begun = {"due_at": timezone.now(), "attempts": 0, "error": "", "errcode": None}
    row, made = MaterialReading.objects.get_or_create(account=account, defaults=begun)
    if not made and row.due_at is None:
        anew = {**begun, "kind": Asset.Kind.IMAGE, "offset": 0, "found": 0, "left_out": 0}
        MaterialReading.objects.filter(pk=row.pk, due_at=None).update(**anew)
    work.wake(READINGS.name)


@READINGS.each
def read(reading: MaterialReading) -> None:
    """Reads one page, and makes the next one due at once."""
    client, kind = client_for(reading.account), Asset.Kind(reading.kind)
    page = media.listed(client, kind, reading.offset)
    taken = sum(_take(client, reading.account, kind, item) for item in page.items)
    counts = {"found": reading.found + taken, "left_out": reading.left_out + page.length - taken}
    if page.length:
        reading.done(**counts, offset=reading.offset + page.length, due_at=timezone.now())
    elif kind != KINDS[-1]:
        reading.done(**counts, kind=KINDS[KINDS.index(kind) + 1], offset=0, due_at=timezone.now())
    else:
        reading.done(**counts, read_at=timezone.now())


def _take(client: Client, account: OfficialAccount, kind: Asset.Kind, item: media.MediaItem) -> bool:
    """Returns whether the file is here now; one that cannot be read or used here is left out."""
    if Asset.objects.filter(account=account, media_id=item.media_id).exists():
        return True
    try:
        file = ContentFile(_body(client, kind, item))
        content_type = limits.check(kind, file)
    except (ValidationError, TransportError):
        return False
    except ApiError as error:
        if error.errcode != media.UNKNOWN:
            raise
        return False
    file.name = f"there.{files.extension(content_type)}"
    Asset.objects.create(
        account=account, kind=kind, name=item.name[:60] or item.media_id[:60], file=file, size=file.size,
        content_type=content_type, media_id=item.media_id, url=item.url, permanent=True,
        state=Asset.State.UPLOADED, uploaded_at=item.updated_at,
    )  # fmt: skip
    return True


def _body(client: Client, kind: Asset.Kind, item: media.MediaItem) -> bytes:
    found = media.get_permanent(client, item.media_id)
    if kind != Asset.Kind.VIDEO:
        return found.body
    address, most = text(found.json or {}, "down_url"), limits.LIMITS[kind].largest
    return download(
        address, admission=may_download_from, most=most, seconds=VIDEO_SECONDS, timeout=VIDEO_TIMEOUT
    )
