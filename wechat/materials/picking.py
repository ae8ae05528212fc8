"""The picker of library files, with uploads, for any field that refers to a file."""

from collections.abc import Mapping

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, JsonResponse
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.official.models import OfficialAccount
from accounts.staff.gate import named_account_page
from accounts.staff.picking import Choice, Filter, picker_response
from accounts.staff.rights import Area, Rights
from wechat.console.phrases import joined
from wechat.kernel import files, pictures, work
from wechat.kernel.row_ids import row_id
from wechat.materials import library, limits
from wechat.materials.forms import AssetForm
from wechat.materials.models import Asset
from wechat.materials.thumbnails import icon_of, small

PAGE = 60
ELSEWHERE = "elsewhere"


@require_GET
@named_account_page(Area.CONTENT)
def show(request: HttpRequest, account: OfficialAccount) -> JsonResponse:
    """Returns files of the account, newest first, or those of the reader's other accounts."""
    rows = _asked(request, account)
    if after := row_id(request.GET.get("after", "")):
        rows = rows.filter(pk__lt=after)
    shown = list(rows.select_related("account").order_by("-pk")[: PAGE + 1])
    return picker_response(
        [_choice(asset, account) for asset in shown[:PAGE]],
        filters=_filters(request, account),
        more=str(shown[PAGE - 1].pk) if len(shown) > PAGE else "",
        empty=_("There is no such file. Upload one."),
        upload=_upload(request, account),
    )


@require_POST
@named_account_page(Area.CONTENT, change=True)
def receive(request: HttpRequest, account: OfficialAccount) -> JsonResponse:
    """Adds an uploaded file, checked as on its own page; 400 with a sentence if WeChat would refuse it."""
    kind = request.GET.get("kind") or _kind_of(request)
    file = request.FILES.get("file")
    name = str(getattr(file, "name", "")).rpartition(".")[0][:60] or _("Picture")
    form = AssetForm({"account": account.pk, "kind": kind, "name": name, "permanent": "on"}, request.FILES)
    if not form.is_valid():
        words = [str(word) for errors in form.errors.values() for word in errors]
        return JsonResponse({"error": joined(words)}, status=400)
    asset = form.save()
    work.wake("materials.upload")
    return JsonResponse(_asset_data(asset))


@require_POST
@named_account_page(Area.CONTENT, change=True)
def take(request: HttpRequest, account: OfficialAccount, pk: int) -> JsonResponse:
    """Makes a file of another account of the reader's available in this account."""
    asset = Asset.objects.filter(pk=pk).first()
    if asset is None or not Rights.of(request.user).may_view(Area.CONTENT, asset.account_id):
        raise Http404
    mine = library.copy_for(asset, account)
    work.wake("materials.upload")
    return JsonResponse(_asset_data(mine))


def _asked(request: HttpRequest, account: OfficialAccount) -> QuerySet[Asset]:
    whose, kind = request.GET.get("whose", ""), request.GET.get("kind") or request.GET.get("type", "")
    rows = Asset.objects.filter(account=account)
    if whose == ELSEWHERE:
        others = [pk for pk in Rights.of(request.user).viewable(Area.CONTENT) if pk != account.pk]
        rows = Asset.objects.filter(account__in=others, original=None)
    if kind:
        rows = rows.filter(kind=kind)
    elif not whose:
        rows = rows.exclude(kind=Asset.Kind.THUMB)
    if request.GET.get("permanent") == "1":
        rows = rows.filter(permanent=True)
    if folder := request.GET.get("folder", ""):
        rows = rows.filter(folder=folder)
    words = request.GET.get("q", "").replace("\0", "").strip()
    return rows.filter(Q(name__icontains=words) | Q(folder__icontains=words)) if words else rows


def _filters(request: HttpRequest, account: OfficialAccount) -> list[Filter]:
    found: list[Filter] = []
    if not request.GET.get("kind"):
        found.append(Filter("type", _("Kind"), [("", _("All kinds")), *KINDS]))
    if folders := folders_of(account):
        offered = [("", _("All folders")), *((each, each) for each in folders)]
        found.append(Filter("folder", _("Folder"), offered))
    if len(Rights.of(request.user).viewable(Area.CONTENT)) > 1:
        found.append(Filter("whose", _("Account"), [("", account.name), (ELSEWHERE, _("Other accounts"))]))
    return found


KINDS = [(str(kind.value), kind.label) for kind in Asset.Kind if kind != Asset.Kind.THUMB]


def folders_of(account: OfficialAccount) -> list[str]:
    named = Asset.objects.filter(account=account).exclude(folder="").order_by("folder")
    return list(named.values_list("folder", flat=True).distinct()[:200])


def _choice(asset: Asset, account: OfficialAccount) -> Choice:
    own = asset.account_id == account.pk
    address = reverse("admin:materials_asset_take", args=[asset.pk])
    data = _asset_data(asset)
    if not own:
        data["detail"] = asset.account.name
    return Choice(**data, take="" if own else f"{address}?{urlencode({'account': str(account.pk)})}")


def _asset_data(asset: Asset) -> dict[str, str]:
    state = "" if asset.state == Asset.State.UPLOADED else f" · {asset.get_state_display()}"
    return {
        "value": str(asset.pk),
        "title": asset.name,
        "detail": f"{asset.get_kind_display()} · {filesizeformat(asset.size)}{state}",
        "image": small(asset),
        "icon": icon_of(asset),
    }


def _upload(request: HttpRequest, account: OfficialAccount) -> Mapping[str, str | int] | None:
    if not Rights.of(request.user).may_change(Area.CONTENT, account.pk):
        return None
    kind = request.GET.get("kind", "")
    kinds = [kind] if kind in limits.LIMITS else [str(each.value) for each in Asset.Kind]
    types = {name for each in kinds for name in limits.LIMITS[each].types}
    if Asset.Kind.IMAGE in kinds:
        types |= pictures.CONVERTED
    most = max(limits.LIMITS[each].largest for each in kinds)
    asked = urlencode({"account": str(account.pk), "kind": kind})
    return {
        "url": f"{reverse('admin:materials_asset_receive')}?{asked}",
        "accept": ",".join(sorted(types)),
        "most": most,
        "large": _("WeChat takes at most %(most)s. Make the file smaller.") % {"most": filesizeformat(most)},
    }


def _kind_of(request: HttpRequest) -> str:
    """Returns the kind of the uploaded file by its first bytes, where any kind is accepted."""
    file = request.FILES.get("file")
    if file is None:
        raise PermissionDenied
    found_type = files.content_type(file.read(files.HEAD_BYTES))
    file.seek(0)
    return {"audio": "voice", "video": "video"}.get(found_type.partition("/")[0], "image")
