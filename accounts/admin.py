from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.abilities import ABILITIES
from accounts.doctor import examine
from accounts.forms import FollowerFilter, OfficialAccountForm
from accounts.kinds import name_of_deed
from accounts.models import Follower, OfficialAccount, StaffRight, Tag
from accounts.pages import AccountScopedAdmin
from accounts.rights import Area, Rights
from wechat.kernel.pages import BigTable, HistoryMixin, ModelAdmin, TabularInline, badge, moment

admin.site.unregister(User)
# Rights are given per account; a group of permissions that reach into all of them would only mislead.
admin.site.unregister(Group)


@admin.register(OfficialAccount)
class OfficialAccountAdmin(HistoryMixin, AccountScopedAdmin):
    area = Area.SETTINGS
    account_path = "pk"
    form = OfficialAccountForm
    change_form_outer_before_template = "accounts/account_tools.html"
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
        """All accounts of the reader, in the list too: this is where one is found."""
        rows = ModelAdmin.get_queryset(self, request)
        return rows.filter(pk__in=Rights.of(request.user).viewable(self.area))

    def account_id_of(self, row: Any) -> int:
        return int(row.pk)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return Rights.of(request.user).everything

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: every message, follower and order of the account would go with it. It can be disabled."""
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.examine_view)
        return [path("<int:pk>/examine/", view, name="accounts_examine"), *super().get_urls()]

    def examine_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Calls the platform, so it is never done by merely following a link."""
        account = self.get_object(request, str(pk))
        if account is None:
            raise Http404
        if request.method != "POST":
            return redirect("admin:accounts_officialaccount_change", pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Set-up check"),
            "opts": self.opts,
            "original": account,
            "findings": examine(account),
        }
        return TemplateResponse(request, "accounts/findings.html", context)

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
        if until is None or until < timezone.now():
            return _("When the token or the EncodingAESKey changes, the former one stays valid for 24 hours.")
        local = date_format(localtime(until), "Y-m-d H:i")
        return _("The former token and EncodingAESKey stay valid until %(until)s.") % {"until": local}

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


@admin.register(Tag)
class TagAdmin(AccountScopedAdmin):
    area = Area.FOLLOWERS
    fields = ("account", "name")
    list_display = ("name",)
    search_fields = ("name",)


@admin.register(Follower)
class FollowerAdmin(BigTable, AccountScopedAdmin):
    area = Area.FOLLOWERS
    list_display = ("named", "follows", "tagged", "followed_at", "seen_at", "last_did", "conversation")
    filter_form = FollowerFilter
    fields = (
        "account", "openid", "unionid", "follows", "remark", "tags", "first_subscribed_at", "subscribed_at",
        "unsubscribed_at", "subscribe_scene", "last_seen_at", "last_did", "conversation",
    )  # fmt: skip
    readonly_fields = tuple(name for name in fields if name not in {"account", "remark", "tags"})
    autocomplete_fields = ("tags",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Follower]:
        return super().get_queryset(request).prefetch_related("tags")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Followers are made by what arrives."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("follower"))
    def named(self, follower: Follower) -> str:
        return str(follower)

    @admin.display(description=gettext_lazy("follows"))
    def follows(self, follower: Follower) -> SafeString:
        return badge(_("follows"), "good") if follower.subscribed else badge(_("unfollowed"))

    @admin.display(description=gettext_lazy("tags"))
    def tagged(self, follower: Follower) -> SafeString:
        return format_html_join(" ", "{}", ((badge(tag.name),) for tag in follower.tags.all()))

    @admin.display(description=gettext_lazy("followed"))
    def followed_at(self, follower: Follower) -> SafeString:
        return moment(follower.subscribed_at)

    @admin.display(description=gettext_lazy("last seen"))
    def seen_at(self, follower: Follower) -> SafeString:
        return moment(follower.last_seen_at)

    @admin.display(description=gettext_lazy("last did"))
    def last_did(self, follower: Follower) -> str:
        return str(name_of_deed(follower.last_seen_kind))

    @admin.display(description=gettext_lazy("conversation"))
    def conversation(self, follower: Follower) -> SafeString:
        address = reverse("admin:inbox_conversation", args=(follower.account_id, follower.openid))
        return format_html('<a class="link" href="{}">{}</a>', address, _("Open conversation"))


class StaffRightInline(TabularInline[StaffRight, User]):
    model = StaffRight
    extra = 0


@admin.register(StaffRight)
class StaffRightAdmin(AccountScopedAdmin):
    area = Area.SETTINGS
    fields = ("account", "user", "role")
    list_display = ("user", "role")
    list_select_related = ("user", "account")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.filter(is_staff=True, is_superuser=False, is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(User)
class StaffAdmin(UserAdmin[User], ModelAdmin[User]):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = (StaffRightInline,)
    list_display = ("username", "first_name", "email", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password", "first_name", "email")}),
        (gettext_lazy("Access"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (gettext_lazy("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "password1", "password2", "is_staff")}),)
