from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.errcodes import in_words
from accounts.pages import AccountScopedAdmin
from accounts.rights import Area
from wechat.kernel import due, files
from wechat.kernel.pages import badge, moment
from wechat.materials import library, usage
from wechat.materials.forms import AssetForm
from wechat.materials.models import Asset
from wechat.materials.tasks import upload
from wechat.sdk.errors import ApiError, WeChatError

COLOURS = {Asset.State.UPLOADED: "good", Asset.State.FAILED: "bad"}
PLAYERS = {
    "image": '<a href="{0}"><img src="{0}" alt="{1}" style="max-height:{2}; max-width:100%"></a>',
    "audio": '<audio controls preload="none" src="{0}" aria-label="{1}"></audio>',
    "video": '<video controls preload="none" src="{0}" aria-label="{1}" style="max-height:{2}"></video>',
}
DOWNLOAD = '<a href="{0}" download>{1}</a>'


@admin.register(Asset)
class AssetAdmin(AccountScopedAdmin):
    area = Area.CONTENT
    form = AssetForm
    list_display = ("thumbnail", "name", "kind", "weight", "became", "problem", "created")
    list_display_links = ("name",)
    list_filter = ("kind", "state")
    search_fields = ("name",)
    list_per_page = 50
    delete_confirmation_template = "materials/delete.html"
    change_form_outer_before_template = "materials/upload_again_offer.html"
    fields = ("account", "kind", "name", "file")
    shown = (
        "preview",
        "weight",
        "became",
        "problem",
        "used_by",
        "media_id",
        "url",
        "uploaded",
        "created",
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj is None else ("account", "name", "kind", *self.shown)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if obj is None else (*fields, "kind", *self.shown)

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<int:pk>/file/", guard(self.file_view), name="materials_asset_file"),
            path("<int:pk>/upload/", guard(require_POST(self.upload_view)), name="materials_asset_upload"),
            *super().get_urls(),
        ]

    def save_model(self, request: HttpRequest, obj: Asset, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            transaction.on_commit(lambda: due.ring(upload))

    def file_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        asset = self.get_object(request, str(pk))
        if asset is None or not self.has_view_permission(request, asset):
            raise Http404
        return files.response(asset.file, asset.content_type)

    def upload_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        asset = self.get_object(request, str(pk))
        if asset is None:
            raise Http404
        if not self.has_change_permission(request, asset):
            raise PermissionDenied
        library.upload_again(asset)
        transaction.on_commit(lambda: due.ring(upload))
        self.log_change(request, asset, _("Uploaded again"))
        self.message_user(request, _("The file is on its way to WeChat."))
        return redirect(reverse("admin:materials_asset_change", args=[pk]))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """A file in use is protected, whoever uses it."""
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        # The places by name; what refers to the file in the database would only say the same again.
        places = [place for asset in objs for place in usage.uses(asset)]
        return deleted, counts, lacking, places or protected

    def delete_model(self, request: HttpRequest, obj: Asset) -> None:
        library.remove(obj)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except WeChatError as error:
            self.message_user(request, _in_words(error), messages.ERROR)
            return redirect(reverse("admin:materials_asset_change", args=[unquote(object_id)]))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Asset]) -> None:
        for asset in queryset:
            try:
                library.remove(asset)
            except WeChatError as error:
                self.message_user(request, f"{asset}: {_in_words(error)}", messages.ERROR)

    @admin.display(description="")
    def thumbnail(self, asset: Asset) -> str | SafeString:
        return _player(asset, "3rem") if asset.kind in {Asset.Kind.IMAGE, Asset.Kind.THUMB} else ""

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
    def became(self, asset: Asset) -> SafeString:
        return badge(asset.get_state_display(), COLOURS.get(Asset.State(asset.state), "plain"))

    @admin.display(description=gettext_lazy("problem"))
    def problem(self, asset: Asset) -> str:
        if not asset.error:
            return ""
        problem = _("WeChat could not be reached.") if asset.errcode is None else in_words(asset.errcode)
        if asset.state == Asset.State.PENDING:
            return _("%(problem)s It is tried again.") % {"problem": problem}
        return problem

    @admin.display(description=gettext_lazy("used by"))
    def used_by(self, asset: Asset) -> str:
        return ", ".join(usage.uses(asset)) or _("nothing yet")


def _player(asset: Asset, height: str) -> SafeString:
    address = reverse("admin:materials_asset_file", args=[asset.pk])
    if asset.content_type not in files.SHOWN:
        return format_html(DOWNLOAD, address, _("Download"))
    return format_html(PLAYERS[asset.content_type.partition("/")[0]], address, asset.name, height)


def _in_words(error: WeChatError) -> str:
    if isinstance(error, ApiError):
        return in_words(error.errcode)
    return _("WeChat could not be reached; the file was not deleted. Try again.")
