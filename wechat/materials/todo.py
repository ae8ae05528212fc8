"""The things about the media library that wait for a person."""

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.staff.rights import Area
from accounts.staff.todo import KINDS, Severity, TodoKind, held
from wechat.materials.material_quota import NEARLY_FULL, PLACES
from wechat.materials.models import Asset, MaterialQuota

PAGE = "admin:materials_asset_changelist"
CONTENT = (Area.CONTENT,)

KINDS.add(
    "materials.failed",
    TodoKind(
        title=_("Files that could not be uploaded to WeChat"),
        page=PAGE,
        query=f"state__exact={Asset.State.FAILED.value}",
        areas=CONTENT,
        severity=Severity.FAULT,
        rows=lambda account, user: Asset.objects.filter(account=account, state=Asset.State.FAILED),
        acknowledged=True,
    ),
)
KINDS.add(
    "materials.nearly_full",
    TodoKind(
        title=_("The media library on WeChat is nearly full"),
        page=PAGE,
        areas=CONTENT,
        severity=Severity.NOTICE,
        rows=lambda account, user: MaterialQuota.objects.annotate(pictures=F("image") + F("news")).filter(
            Q(pictures__gte=PLACES["image"] * NEARLY_FULL)
            | Q(voice__gte=PLACES["voice"] * NEARLY_FULL)
            | Q(video__gte=PLACES["video"] * NEARLY_FULL),
            account=account,
        ),
    ),
)
KINDS.add(
    "held.materials",
    TodoKind(
        title=_("Uploads to WeChat are on hold"),
        page=PAGE,
        areas=CONTENT,
        severity=Severity.FAULT,
        rows=held("materials.upload", "materials.count"),
    ),
)
