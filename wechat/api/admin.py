from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.official.models import OfficialAccount
from accounts.staff import audit, previous_secrets
from accounts.staff.pages import AccountScopedAdmin, AuditedAdmin
from accounts.staff.rights import Area, Rights
from wechat.api.forms import ApiClientForm
from wechat.api.models import ApiClient, TokenAccess
from wechat.console import edit_conflicts
from wechat.console.big_tables import BigTable
from wechat.console.markup import badge, moment
from wechat.console.pages import ReadOnly
from wechat.kernel.secrets import OVERLAP


@admin.register(ApiClient)
class ApiClientAdmin(AuditedAdmin):
    """The admin of API clients.

    A client reaches into several accounts, so whoever changes it must own all of them.
    """

    empty_words = gettext_lazy(
        "A client is a business system of yours, which calls the API with a key and a secret of its own."
    )
    form = ApiClientForm
    change_form_outer_before_template = "api/client_tools.html"
    list_display = ("name", "key", "for_accounts", "state", "used")
    fields = (
        "name",
        "accounts",
        "scopes",
        "networks",
        "per_minute",
        "enabled",
        "key",
        "secret_state",
        "used",
    )
    readonly_fields = ("for_accounts", "key", "secret_state", "used")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiClient]:
        viewable = Rights.of(request.user).viewable(Area.SETTINGS)
        # A subquery rather than a join: a client of two accounts is one line.
        seen = ApiClient.accounts.through.objects.filter(officialaccount__in=viewable).values("apiclient")
        named = Prefetch(
            "accounts", OfficialAccount.objects.filter(pk__in=viewable), to_attr="named_accounts"
        )
        return super().get_queryset(request).filter(pk__in=seen).prefetch_related(named)

    def get_urls(self) -> list[URLPattern]:
        renew, end = self.admin_site.admin_view(self.renew_view), self.admin_site.admin_view(self.end_view)
        return [
            path("<int:pk>/secret/", renew, name="api_apiclient_secret"),
            path(
                "<int:pk>/previous-secrets/end/", require_POST(end), name="api_apiclient_previous_secrets_end"
            ),
            *super().get_urls(),
        ]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(Rights.of(request.user).viewable(Area.SETTINGS))

    def has_view_permission(self, request: HttpRequest, obj: ApiClient | None = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(Rights.of(request.user).changeable(Area.SETTINGS))

    def has_change_permission(self, request: HttpRequest, obj: ApiClient | None = None) -> bool:
        if obj is None:
            return self.has_add_permission(request)
        changeable = Rights.of(request.user).changeable(Area.SETTINGS)
        return all(account.pk in changeable for account in obj.accounts.all())

    def has_delete_permission(self, request: HttpRequest, obj: ApiClient | None = None) -> bool:
        return self.has_change_permission(request, obj)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        changeable = Rights.of(request.user).changeable(Area.SETTINGS)
        kwargs["queryset"] = OfficialAccount.objects.filter(pk__in=changeable)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_fields(self, request: HttpRequest, obj: ApiClient | None = None) -> Any:
        """Returns the fields; whoever may not change them reads of the reader's own accounts alone."""
        if self.has_change_permission(request, obj):
            return self.fields
        return ["for_accounts" if name == "accounts" else name for name in self.fields]

    def get_readonly_fields(self, request: HttpRequest, obj: ApiClient | None = None) -> Any:
        return self.readonly_fields

    def save_model(self, request: HttpRequest, obj: ApiClient, form: Any, change: bool) -> None:
        if not change:
            obj.make_secret()
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: ApiClient, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._secret_page(request, obj)

    def renew_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asks for confirmation, then makes a new secret and shows it once."""
        client = self._changeable(request, pk)
        if request.method != "POST":
            return self._page(request, "api/renew_secret.html", client, _("New secret"))
        with edit_conflicts.saving(request, client):
            client.make_secret()
            client.save(update_fields=["secret", "previous_secrets"])
        audit.record(request, client, _("Made a new secret"))
        return self._secret_page(request, client)

    def end_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ends the previous secrets at once."""
        return previous_secrets.end(request, self._changeable(request, pk), "admin:api_apiclient_change")

    def _changeable(self, request: HttpRequest, pk: int) -> ApiClient:
        client: ApiClient | None = self.get_object(request, str(pk))
        if client is None:
            raise Http404
        if not self.has_change_permission(request, client):
            raise PermissionDenied
        return client

    def _secret_page(self, request: HttpRequest, client: ApiClient) -> HttpResponse:
        """Shows the secret in the response to the POST, so that the plaintext is not stored anywhere."""
        return self._page(
            request,
            "console/secret.html",
            client,
            _("The secret"),
            heading=_("Key and secret of “%(name)s”") % {"name": client.name},
            notice=_("Copy the secret now: it is not shown again. Whoever has it can act as this client."),
            values=[(_("key ID"), client.key_id), (_("secret"), client.secret)],
            back_url=reverse("admin:api_apiclient_change", args=[client.pk]),
        )

    def _page(
        self, request: HttpRequest, template: str, client: ApiClient, title: str, **more: Any
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "original": client,
            "overlap_hours": int(OVERLAP.total_seconds() // 3600),
            **more,
        }
        return TemplateResponse(request, template, context)

    @admin.display(description=gettext_lazy("key ID"))
    def key(self, client: ApiClient) -> str | SafeString:
        return format_html("<code>{}</code>", client.key_id) if client.pk else _("Made when it is saved.")

    @admin.display(description=gettext_lazy("official accounts"))
    def for_accounts(self, client: ApiClient) -> SafeString:
        """Returns the rows of accounts that the reader may see."""
        named: list[OfficialAccount] = vars(client)["named_accounts"]
        return format_html_join(" ", "{}", ((badge(account.name),) for account in named))

    @admin.display(description=gettext_lazy("state"))
    def state(self, client: ApiClient) -> SafeString:
        return badge(_("enabled"), "good") if client.enabled else badge(_("disabled"))

    @admin.display(description=gettext_lazy("last used"))
    def used(self, client: ApiClient) -> str | SafeString:
        return moment(client.last_used_at) if client.last_used_at else _("never")

    @admin.display(description=gettext_lazy("secret"))
    def secret_state(self, client: ApiClient) -> str:
        if not client.pk:
            return _("Made when it is saved, and shown once.")
        if client.is_undecryptable("secret"):
            return _("It cannot be opened with FIELD_ENCRYPTION_KEYS as they are.")
        until = client.previous_until
        if until is None:
            return _("Set. It cannot be shown again.")
        local = date_format(timezone.localtime(until), "Y-m-d H:i")
        return _("Set. The previous one stays valid until %(until)s.") % {"until": local}


@admin.register(TokenAccess)
class TokenAccessAdmin(ReadOnly, BigTable, AccountScopedAdmin):
    """The read-only list of API clients that read the access token."""

    area = Area.SETTINGS
    empty_words = gettext_lazy("Every time a business system asks for the access token, it is noted here.")
    list_display = ("moment", "client", "address")
    list_select_related = ("client",)
    fields = ("account", "client", "at", "address")
    readonly_fields = ("client", "at", "address")

    @admin.display(description=gettext_lazy("at"))
    def moment(self, access: TokenAccess) -> SafeString:
        return moment(access.at)
