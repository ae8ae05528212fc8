"""The admin of merchants and their set-up, for owners."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area, Rights
from payments.merchants import held_page, held_work, receipt, setup
from payments.merchants.merchant_form import MerchantForm
from payments.merchants.models import Merchant
from payments.merchants.scoping import MerchantScopedAdmin
from wechat.console.history import HistoryMixin
from wechat.console.markup import badge, moment
from wechat.console.pages import ModelAdmin


@admin.register(Merchant)
class MerchantAdmin(HistoryMixin, MerchantScopedAdmin):
    area = Area.SETTINGS
    empty_words = gettext_lazy(
        "A merchant is your account at WeChat Pay: with its number and keys you take payments here."
    )
    merchant_path = "pk"
    form = MerchantForm
    change_form_outer_before_template = "merchants/merchant_tools.html"
    list_before_template = "merchants/merchant_links.html"
    list_display = ("name", "mchid", "mode", "sells_for", "works")
    readonly_fields = ("notify_addresses", "certificates_known")
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = (
        (None, {"fields": ("name", "slug", "mchid", "accounts", "enabled")}),
        (
            gettext_lazy("Keys of the merchant"),
            {"fields": ("serial_no", "new_private_key", "new_api_v3_key", "certificate")},
        ),
        (
            gettext_lazy("Keys of WeChat Pay"),
            {"fields": ("public_key_id", "public_key", "certificates_known")},
        ),
        (
            gettext_lazy("Older interface"),
            {
                "fields": ("protocol", "new_api_v2_key"),
                "description": gettext_lazy(
                    "For a merchant that has not moved to API v3. Bills need the APIv3 key all the same."
                ),
            },
        ),
        (gettext_lazy("Notifications"), {"fields": ("notify_addresses", "receipt_text")}),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(receipt.show_preview)
        return [
            path("receipt-preview/", view, name="merchants_receipt_preview"),
            path("held/", self.admin_site.admin_view(held_page.resume), name="merchants_held_go_on"),
            *super().get_urls(),
        ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Returns ``False``, because a merchant's orders would be deleted with it; it can be disabled."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Returns whether the reader may change all accounts that sell through it, as they share its keys."""
        rights = Rights.of(request.user)
        if obj is None or rights.everything:
            return super().has_change_permission(request, obj)
        selling = OfficialAccount.objects.filter(merchants=obj).values_list("pk", flat=True)
        return bool(selling) and all(rights.may_change(self.area, pk) for pk in selling)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj else self.prepopulated_fields

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        mine = Rights.of(request.user).changeable(self.area)
        kwargs["queryset"] = OfficialAccount.objects.filter(pk__in=mine)
        kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget
        return ModelAdmin.formfield_for_manytomany(self, db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Merchant, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        setup.begin(obj)
        held_work.resume(obj)

    def page_context(self, request: HttpRequest, row: Merchant | None) -> dict[str, Any]:
        return {"held": held_work.in_words([row], request) if row else []}

    @admin.display(description=gettext_lazy("answers are verified with"))
    def mode(self, merchant: Merchant) -> str:
        if merchant.public_key_id:
            return _("public key")
        return _("platform certificates") if merchant.has_certificates else _("APIv2 key")

    @admin.display(description=gettext_lazy("accounts"))
    def sells_for(self, merchant: Merchant) -> str:
        return "、".join(account.name for account in merchant.accounts.all())

    @admin.display(description=gettext_lazy("state"))
    def works(self, merchant: Merchant) -> SafeString:
        return badge(_("enabled"), "good") if merchant.enabled else badge(_("not enabled"))

    @admin.display(description=gettext_lazy("notify addresses"))
    def notify_addresses(self, merchant: Merchant) -> str | SafeString:
        if not merchant.slug:
            return _("Shown once the merchant is saved.")
        return format_html(
            '<code class="callback-url">{}</code><br><code class="callback-url">{}</code>',
            merchant.notify_url("transaction"),
            merchant.notify_url("refund"),
        )

    @admin.display(description=gettext_lazy("platform certificates"))
    def certificates_known(self, merchant: Merchant) -> str | SafeString:
        known = merchant.certificates.all() if merchant.pk else []
        if not known:
            return _("None; they are fetched where there is an APIv3 key and no public key.")
        lines = [format_html("<code>{}</code> {}", one.serial_no, moment(one.expires_at)) for one in known]
        return format_html("{}" * len(lines), *lines)
