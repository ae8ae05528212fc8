"""The failure sources of the media library: uploads of files, and readings from WeChat."""

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.operations.failures import SOURCES, FailureSource
from accounts.staff.rights import Area
from wechat.kernel import work
from wechat.materials import library, reading
from wechat.materials.models import Asset, MaterialReading


def _uploads(account: OfficialAccount) -> QuerySet[Asset]:
    return Asset.objects.filter(account=account, state=Asset.State.FAILED)


def _upload_again(rows: QuerySet[Asset]) -> int:
    assets = list(rows)
    for asset in assets:
        library.upload_again(asset)
    work.wake("materials.upload")
    return len(assets)


def _page(asset: Asset) -> str:
    return reverse("admin:materials_asset_change", args=[asset.pk])


def _readings(account: OfficialAccount) -> QuerySet[MaterialReading]:
    return MaterialReading.objects.filter(work.GIVEN_UP, account=account)


def _read_again(rows: QuerySet[MaterialReading]) -> int:
    found = list(rows.select_related("account"))
    for row in found:
        reading.ask(row.account)
    return len(found)


SOURCES.add(
    "uploads",
    FailureSource(gettext_lazy("Uploading files to WeChat"), Area.CONTENT, _uploads, _upload_again, _page),
)
SOURCES.add(
    "material_readings",
    FailureSource(gettext_lazy("Reading the library from WeChat"), Area.CONTENT, _readings, _read_again),
)
