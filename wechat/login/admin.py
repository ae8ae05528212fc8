from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers import erase_page, people
from accounts.followers.models import Follower
from accounts.staff.pages import AccountForm, AccountScopedAdmin
from accounts.staff.rights import Area, Rights
from wechat.api.models import ApiClient
from wechat.console.big_tables import BigTable, FilterForm
from wechat.console.markup import badge, moment
from wechat.console.pages import ReadOnly
from wechat.login import own_wechat_page
from wechat.login.models import AllowedSite, Visitor
from wechat.login.return_addresses import NotAllowed, host_of


class AllowedSiteForm(AccountForm):
    def clean_host(self) -> str:
        """Returns the host of what was typed, which may be a whole address."""
        given = self.cleaned_data["host"].strip()
        try:
            return host_of(given if "://" in given else f"https://{given}")
        except NotAllowed:
            raise ValidationError(_("This is no host: shop.example.com is one.")) from None


@admin.register(AllowedSite)
class AllowedSiteAdmin(AccountScopedAdmin):
    """The pages of sites that may send their visitors here to log in."""

    area = Area.SETTINGS
    empty_words = gettext_lazy(
        "A login site is a web page of yours whose visitors sign in with WeChat through this account."
    )
    form = AllowedSiteForm
    fields = ("account", "host", "client")
    list_display = ("host", "client")
    list_select_related = ("client",)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "client":
            account_id = self.page_account_id(request, None)
            kwargs["queryset"] = ApiClient.objects.filter(accounts=account_id)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class VisitorFilter(FilterForm):
    q = forms.CharField(
        label=gettext_lazy("OpenID, UnionID or nickname"),
        required=False,
        widget=forms.TextInput(attrs={"type": "search"}),
    )

    def narrow(self, rows: Any) -> Any:
        wanted = self.cleaned_data["q"].strip()
        if not wanted:
            return rows
        return rows.filter(Q(openid=wanted) | Q(unionid=wanted) | Q(nickname=wanted))


@admin.register(Visitor)
class VisitorAdmin(ReadOnly, BigTable, AccountScopedAdmin):
    """The read-only pages of visitors, who are created by their logins."""

    area = Area.FOLLOWERS
    empty_words = gettext_lazy("Whoever logs in with WeChat on a page or in a mini program is listed here.")
    list_display = ("named", "follows", "consent", "last_login")
    filter_form = VisitorFilter
    change_form_outer_before_template = "login/visitor_tools.html"
    readonly_fields = ("openid", "unionid", "named", "follows", "consent", "has_phone", "seen", "last_login")
    fieldsets = (
        (None, {"fields": ("account", "named", "follows", "consent", "has_phone", "seen", "last_login")}),
        (gettext_lazy("Numbers of WeChat"), {"classes": ("collapse",), "fields": ("openid", "unionid")}),
    )

    def get_urls(self) -> list[URLPattern]:
        own = self.admin_site.admin_view(own_wechat_page.show)
        erase = self.object_view(self.erase_view, change=True)
        ours = [
            path("own/", own, name="login_own_wechat"),
            path("<int:pk>/erase/", erase, name="login_visitor_erase"),
        ]
        return [*ours, *super().get_urls()]

    def page_context(self, request: HttpRequest, row: Visitor) -> dict[str, Any]:
        return {"may_erase": Rights.of(request.user).may_change(self.area, row.account_id)}

    def erase_view(self, request: HttpRequest, visitor: Visitor) -> HttpResponse:
        """Erases a person who logged in, whether they follow or not."""
        person = visitor.follower or Follower(
            account=visitor.account, openid=visitor.openid, unionid=visitor.unionid, nickname=visitor.nickname
        )
        back = reverse("admin:login_visitor_change", args=[visitor.pk])
        return erase_page.erase(request, person, back=back, after=reverse("admin:login_visitor_changelist"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Visitor]:
        followers = Follower.objects.filter(
            account=OuterRef("account"), openid=OuterRef("openid"), subscribed=True
        )
        rows: QuerySet[Visitor] = super().get_queryset(request)
        return rows.annotate(is_following=Exists(followers))

    @admin.display(description=gettext_lazy("visitor"))
    def named(self, visitor: Visitor) -> SafeString:
        person = people.of_row(visitor)
        assert person is not None
        name = visitor.nickname or person.name
        return format_html('<span class="who">{}<span>{}</span></span>', people.face(person), name)

    def prepare(self, rows: Sequence[Visitor]) -> None:
        people.attach_people(rows)

    @admin.display(description=gettext_lazy("Following"))
    def follows(self, visitor: Visitor) -> SafeString:
        does = getattr(visitor, "is_following", False)
        return badge(_("follows"), "good") if does else badge(_("does not follow"))

    @admin.display(description=gettext_lazy("nickname and avatar"))
    def consent(self, visitor: Visitor) -> SafeString:
        return badge(_("agreed to"), "good") if visitor.consented_at else badge(_("not asked or not agreed"))

    @admin.display(description=gettext_lazy("phone number"))
    def has_phone(self, visitor: Visitor) -> str:
        return _("given, kept sealed") if visitor.__dict__.get("phone") else "–"

    @admin.display(description=gettext_lazy("first seen"))
    def seen(self, visitor: Visitor) -> SafeString:
        return moment(visitor.first_seen_at)

    @admin.display(description=gettext_lazy("last login"))
    def last_login(self, visitor: Visitor) -> SafeString:
        return moment(visitor.last_login_at)
