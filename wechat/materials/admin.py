from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST
from django_stubs_ext import StrOrPromise

from accounts.official.error_sentences import of_error, of_row
from accounts.staff import audit
from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area, current_account
from wechat.console.markup import badge, moment, refreshing
from wechat.console.phrases import labelled, listed
from wechat.kernel import files, work
from wechat.materials import library, material_quota, picking, thumbnails, usage
from wechat.materials.forms import AssetForm, MoveForm
from wechat.materials.models import Asset, MaterialQuota
from wechat.sdk.errors import WeChatError

COLOURS = {Asset.State.UPLOADED: "good", Asset.State.FAILED: "bad"}
PLAYERS = {
    "image": '<a href="{0}"><img src="{0}" alt="{1}" style="max-height:{2}; max-width:100%"></a>',
    "audio": '<audio controls preload="none" src="{0}" aria-label="{1}"></audio>',
    "video": '<video controls preload="none" src="{0}" aria-label="{1}" style="max-height:{2}"></video>',
}
AMR = "audio/amr"
THUMBNAIL = '<a href="{}"><img src="{}" alt="{}" loading="lazy" class="asset-small"></a>'
VOICE = '<button type="button" class="button-small" data-voice="{}">{}</button>'
DOWNLOAD = '<a href="{0}" download>{1}</a>'


class FolderFilter(admin.SimpleListFilter):
    """A filter by the folders of the account in the switcher."""

    title = gettext_lazy("folder")
    parameter_name = "folder"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        account = current_account(request)
        return [(each, each) for each in picking.folders_of(account)] if account else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Asset]) -> QuerySet[Asset]:
        return queryset.filter(folder=self.value()) if self.value() else queryset


@admin.register(Asset)
class AssetAdmin(AccountScopedAdmin):
    area = Area.CONTENT
    form = AssetForm
    list_title = gettext_lazy("Media library")
    empty_words = gettext_lazy(
        "Pictures, voices and videos for replies, menus and articles are uploaded here. An owner brings "
        "those on WeChat here in the guided set-up of the account."
    )
    list_display = ("thumbnail", "name", "kind", "in_folder", "weight", "state_badge", "problem", "created")
    list_display_links = ("name",)
    list_filter = ("kind", "state", FolderFilter)
    search_fields = ("name", "folder")
    list_per_page = 50
    list_before_template = "materials/places.html"
    actions = ("move",)
    delete_confirmation_template = "materials/delete.html"
    change_form_outer_before_template = "materials/upload_again_offer.html"
    fields = ("account", "kind", "name", "folder", "file", "permanent")
    shown = (
        "preview",
        "weight",
        "state_badge",
        "problem",
        "used_by",
        "media_id",
        "url",
        "uploaded",
        "renewed",
        "created",
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj is None else ("account", "name", "folder", "permanent", "kind", *self.shown)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if obj is None else (*fields, "kind", *self.shown)

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        small = self.object_view(self.small_view, is_file=True)
        file = self.object_view(self.file_view, is_file=True)
        upload_again = self.object_view(require_POST(self.upload_view), change=True)
        return [
            path("pick/", guard(picking.show), name="materials_asset_pick"),
            path("receive/", guard(picking.receive), name="materials_asset_receive"),
            path("<int:pk>/take/", guard(picking.take), name="materials_asset_take"),
            path("<int:pk>/small/", small, name="materials_asset_small"),
            path("<int:pk>/file/", file, name="materials_asset_file"),
            path("<int:pk>/upload/", upload_again, name="materials_asset_upload"),
            *super().get_urls(),
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        account = obj.account if obj else current_account(request)
        if "folder" in form.base_fields and account is not None:
            form.base_fields["folder"].widget.offered = picking.folders_of(account)
        return form

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        account = current_account(request)
        if account is not None and self.has_view_permission(request):
            quota = material_quota.last_reading(account)
            work.wake("materials.count")
            extra_context = {**(extra_context or {}), "quota": quota, "places": _places(quota)}
        return super().changelist_view(request, extra_context)

    def save_model(self, request: HttpRequest, obj: Asset, form: Any, change: bool) -> None:
        if change and "permanent" in form.changed_data:
            library.start_over(obj)
        super().save_model(request, obj, form, change)
        work.wake("materials.upload")

    def file_view(self, request: HttpRequest, asset: Asset) -> HttpResponseBase:
        return files.response(asset.file, asset.content_type)

    def small_view(self, request: HttpRequest, asset: Asset) -> HttpResponseBase:
        return thumbnails.response(asset)

    @admin.action(description=gettext_lazy("Put into a folder…"), permissions=["change"])
    def move(self, request: HttpRequest, queryset: QuerySet[Asset]) -> HttpResponse | None:
        """Asks for the folder, and then moves the files there; the list returns on its own."""
        form = MoveForm(request.POST if "move" in request.POST else None)
        account = current_account(request)
        if account is not None:
            form.fields["folder"].widget.offered = picking.folders_of(account)
        if form.is_valid():
            folder, name = form.cleaned_data["folder"], str(_("folder"))
            for asset in queryset:
                audit.record(request, asset, "", {name: asset.folder}, {name: folder})
            moved = queryset.update(folder=folder)
            self.message_user(
                request, ngettext("%(count)d file moved.", "%(count)d files moved.", moved) % {"count": moved}
            )
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Put into a folder"),
            "opts": self.opts,
            "form": form,
            "assets": queryset,
        }
        return TemplateResponse(request, "materials/move.html", context)

    def upload_view(self, request: HttpRequest, asset: Asset) -> HttpResponse:
        library.upload_again(asset)
        work.wake("materials.upload")
        audit.record(request, asset, _("Uploaded again"))
        self.message_user(request, _("The file is on its way to WeChat."))
        return redirect(reverse("admin:materials_asset_change", args=[asset.pk]))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Returns what would be deleted with the files; a file in use is protected, whatever uses it."""
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        # The names of the places instead of the rows that refer to the file.
        places = [place for asset in objs for place in usage.uses(asset)]
        return deleted, counts, lacking, places or protected

    def delete_model(self, request: HttpRequest, obj: Asset) -> None:
        library.remove(obj)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except WeChatError as error:
            self.message_user(request, of_error(error), messages.ERROR)
            return redirect(reverse("admin:materials_asset_change", args=[unquote(object_id)]))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Asset]) -> None:
        for asset in queryset:
            try:
                library.remove(asset)
            except WeChatError as error:
                self.message_user(request, labelled(asset, of_error(error)), messages.ERROR)

    @admin.display(description="")
    def thumbnail(self, asset: Asset) -> str | SafeString:
        if asset.kind not in thumbnails.PICTURES:
            return format_html('<span class="material-symbols-outlined">{}</span>', thumbnails.icon_of(asset))
        address = reverse("admin:materials_asset_file", args=[asset.pk])
        return format_html(THUMBNAIL, address, thumbnails.small(asset), asset.name)

    @admin.display(description=gettext_lazy("folder"), ordering="folder")
    def in_folder(self, asset: Asset) -> str:
        return asset.folder or "–"

    @admin.display(description=gettext_lazy("uploaded again before"))
    def renewed(self, asset: Asset) -> str | SafeString:
        return "–" if asset.permanent else moment(asset.expires_at)

    @admin.display(description=gettext_lazy("file"))
    def preview(self, asset: Asset) -> SafeString:
        return _player(asset, "20rem")

    @admin.display(description=gettext_lazy("size"))
    def weight(self, asset: Asset) -> str:
        return filesizeformat(asset.size)

    @admin.display(description=gettext_lazy("created"), ordering="created_at")
    def created(self, asset: Asset) -> SafeString:
        return moment(asset.created_at)

    @admin.display(description=gettext_lazy("uploaded"))
    def uploaded(self, asset: Asset) -> SafeString:
        return moment(asset.uploaded_at)

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, asset: Asset) -> SafeString:
        shown = badge(asset.get_state_display(), COLOURS.get(Asset.State(asset.state), "plain"))
        if not asset.permanent:
            shown = format_html("{} {}", shown, badge(_("for 3 days at a time"), "warn"))
        return refreshing(f"asset-{asset.pk}", shown, moves=asset.state == Asset.State.PENDING)

    @admin.display(description=gettext_lazy("problem"))
    def problem(self, asset: Asset) -> str:
        if not asset.error:
            return ""
        problem = of_row(asset)
        if asset.state == Asset.State.PENDING:
            return _("%(problem)s It is tried again.") % {"problem": problem}
        return problem

    @admin.display(description=gettext_lazy("used by"))
    def used_by(self, asset: Asset) -> str:
        """Returns what uses the file, in every account that shares it."""
        places = usage.uses(asset)
        for other in asset.family.exclude(pk=asset.pk).select_related("account"):
            shared = listed(usage.uses(other)) or _("nothing yet")
            places.append(labelled(other.account, shared))
        return listed(places) or _("nothing yet")


def _player(asset: Asset, height: str) -> SafeString:
    address = reverse("admin:materials_asset_file", args=[asset.pk])
    if asset.content_type not in files.SHOWN:
        download = format_html(DOWNLOAD, address, _("Download"))
        if asset.content_type != AMR:
            return download
        return format_html("{} {}", format_html(VOICE, address, _("Play the voice")), download)
    return format_html(PLAYERS[asset.content_type.partition("/")[0]], address, asset.name, height)


def _places(quota: MaterialQuota) -> list[tuple[StrOrPromise, material_quota.LibraryPlaces]]:
    """Returns the places of each kind, with the kind's name; empty until they were read from the platform."""
    if quota.read_at is None:
        return []
    words = {"image": _("Pictures and articles"), "voice": _("Voices"), "video": _("Videos")}
    return [(words[each.kind], each) for each in material_quota.places(quota)]
