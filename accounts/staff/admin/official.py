from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.official.abilities import ABILITIES
from accounts.official.doctor import examine, examine_installation
from accounts.official.models import OfficialAccount
from accounts.staff import held_page, picking, previous_secrets, retention_page
from accounts.staff.account_form import OfficialAccountForm
from accounts.staff.gate import frame
from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area, Rights
from wechat.console.history import HistoryMixin
from wechat.console.markup import badge
from wechat.console.pages import ModelAdmin


@admin.register(OfficialAccount)
class OfficialAccountAdmin(HistoryMixin, AccountScopedAdmin):
    area = Area.SETTINGS
    account_path = "pk"
    form = OfficialAccountForm
    change_form_outer_before_template = "staff/account_tools.html"
    list_display = ("name", "kind", "appid", "mode", "enabled")
    readonly_fields = ("callback_address", "key_change", "abilities_seen")
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = (
        (None, {"fields": ("name", "slug", "kind", "appid", "original_id", "enabled")}),
        (
            gettext_lazy("Callback"),
            {"fields": ("callback_address", "mode", "new_token", "new_aes_key", "key_change")},
        ),
        (
            gettext_lazy("Calls to the platform"),
            {"fields": ("new_appsecret", "token_kind", "abilities_seen")},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[OfficialAccount]:
        """Returns all accounts of the reader, in the list as well: it is where an account is chosen."""
        rows = ModelAdmin.get_queryset(self, request)
        return rows.filter(pk__in=Rights.of(request.user).viewable(self.area))

    def account_id_of(self, row: Any) -> int:
        return int(row.pk)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return Rights.of(request.user).everything

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Redirects to the guided set-up; a POST still creates the account from the whole form."""
        if request.method == "GET" and self.has_add_permission(request):
            return redirect("operations_setup")
        return super().add_view(request, form_url, extra_context)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Returns ``False``: it would delete messages, followers and orders too. Accounts can be disabled."""
        return False

    def get_urls(self) -> list[URLPattern]:
        links = self.admin_site.admin_view(picking.link_page)
        return [
            path("links/", links, name="staff_links"),
            path("held/", self.admin_site.admin_view(held_page.resume), name="staff_held_go_on"),
            path("held/overdue/", self.admin_site.admin_view(held_page.decide), name="staff_held_decide"),
            path("retention/", self.admin_site.admin_view(retention_page.show), name="staff_retention"),
            path(
                "<int:pk>/examine/",
                self.object_view(self.examine_view, posts_change=False),
                name="staff_examine",
            ),
            path(
                "<int:pk>/previous-secrets/end/",
                self.object_view(require_POST(self.end_previous_view), change=True),
                name="staff_previous_secrets_end",
            ),
            *super().get_urls(),
        ]

    def examine_view(self, request: HttpRequest, account: OfficialAccount) -> HttpResponse:
        """Shows the findings of the set-up check; only for a POST, because the check calls the platform.

        What is wrong with the installation is shown to those who manage all of it.
        """
        if request.method != "POST":
            return redirect("admin:official_officialaccount_change", account.pk)
        shared = examine_installation() if Rights.of(request.user).everything else []
        context = frame(
            request,
            _("Set-up check"),
            opts=self.opts,
            original=account,
            findings=examine(account),
            findings_of_installation=shared,
        )
        return TemplateResponse(request, "staff/findings.html", context)

    def end_previous_view(self, request: HttpRequest, account: OfficialAccount) -> HttpResponse:
        """Ends the previous token and EncodingAESKey at once."""
        return previous_secrets.end(request, account, "admin:official_officialaccount_change")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj else self.prepopulated_fields

    @admin.display(description=gettext_lazy("callback URL"))
    def callback_address(self, account: OfficialAccount) -> str | SafeString:
        if not account.slug:
            return _("Shown once the account is saved.")
        return format_html(
            '<code class="callback-url">{}</code> '
            '<button type="button" class="button-small" data-copy="{}" data-copied="{}">{}</button>',
            account.callback_url,
            account.callback_url,
            _("Copied"),
            _("Copy"),
        )

    @admin.display(description=gettext_lazy("key change"))
    def key_change(self, account: OfficialAccount) -> str:
        until = account.previous_until
        if until is None:
            return _(
                "When the token or the EncodingAESKey changes, the previous one stays valid for 24 hours."
            )
        local = date_format(localtime(until), "Y-m-d H:i")
        return _(
            "The previous token and EncodingAESKey stay valid for 24 hours, the last until %(until)s."
        ) % {"until": local}

    @admin.display(description=gettext_lazy("abilities"))
    def abilities_seen(self, account: OfficialAccount) -> str | SafeString:
        if not account.abilities:
            return _("Nothing tried yet: check the set-up.")
        return format_html_join(
            " ",
            "{}",
            (
                (badge(ABILITIES[name].label, "good" if seen["able"] else "plain"),)
                for name, seen in account.abilities.items()
                if name in ABILITIES
            ),
        )
