from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area, Rights, current_account
from wechat.channels import batch_pages, code_pages, code_status, preview, report, report_pages
from wechat.channels.forms import (
    ChannelFilter,
    ChannelForm,
    ExistingWelcomeFormSet,
    NewWelcomeFormSet,
    PosterForm,
    WelcomeForm,
    WelcomeFormSet,
    owners,
)
from wechat.channels.models import Channel, Code, Poster, Welcome
from wechat.console.big_tables import BigTable
from wechat.console.markup import badge, moment
from wechat.console.pages import ParentPermissionsMixin, StackedInline
from wechat.contents.form import CautiousAdmin
from wechat.kernel import work


class WelcomeInline(ParentPermissionsMixin, StackedInline[Welcome, Channel]):
    model = Welcome
    form = WelcomeForm
    fields = (
        "kind",
        *(name for name in WelcomeForm.base_fields if name not in ("kind", "position")),
        "position",
    )
    ordering_field = "position"
    hide_ordering_field = True
    extra = 0
    formset: type[WelcomeFormSet]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Welcome]:
        return super().get_queryset(request).filter(audience=self.formset.audience)


class NewWelcomeInline(WelcomeInline):
    formset = NewWelcomeFormSet
    verbose_name = gettext_lazy("message to new followers")
    verbose_name_plural = gettext_lazy("Welcome of those who follow by this code")


class ExistingWelcomeInline(WelcomeInline):
    formset = ExistingWelcomeFormSet
    verbose_name = gettext_lazy("message to existing followers")
    verbose_name_plural = gettext_lazy("Welcome of followers who scan this code")


@admin.register(Channel)
class ChannelAdmin(CautiousAdmin, BigTable, AccountScopedAdmin):
    area = Area.CONTENT
    form = ChannelForm
    filter_form = ChannelFilter
    inlines = (NewWelcomeInline, ExistingWelcomeInline)
    empty_words = gettext_lazy(
        "Add a channel for each place or person that brings followers: each has a QR code of its own, and "
        "the report says how many it brought. Many at once come from a file."
    )
    list_display = (
        "title", "code_state", "place", "owner", "scans_today", "scans_ever", "new_ever", "created",
    )  # fmt: skip
    list_display_links = ("title",)
    list_select_related = ("code", "owner")
    list_before_template = "channels/channel_tools.html"
    change_form_outer_before_template = "channels/code.html"
    actions = ("make_again",)
    fieldsets = (
        (None, {"fields": ("account", "name", "group", "place", "owner", "cost_yuan")}),
        (gettext_lazy("The code"), {"fields": ("lifetime", "days", "tags")}),
        (gettext_lazy("What it says"), {"fields": ("new_strategy", "existing_strategy")}),
    )

    class Media:
        css = {"all": ("channels/channels.css",)}
        js = ("console/shown_fields.js",)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("report/", view(report_pages.compare), name="channels_report"),
            path("report.csv", view(report_pages.export), name="channels_report_csv"),
            path("batch/", view(batch_pages.show), name="channels_batch"),
            path("batch/example.csv", view(batch_pages.example), name="channels_batch_example"),
            path("make-again/", view(code_pages.make_again), name="channels_make_again"),
            path("<int:pk>/picture/", view(code_pages.picture), name="channels_picture"),
            path("<int:pk>/code.png", view(code_pages.png), name="channels_png"),
            path("<int:pk>/code.svg", view(code_pages.svg), name="channels_svg"),
            path("<int:pk>/posters/<int:poster>/", view(code_pages.poster), name="channels_poster"),
            path("<int:pk>/report/", view(report_pages.one), name="channels_report_one"),
            *super().get_urls(),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Returns the read-only fields: an existing channel keeps its kind of code, which may be printed."""
        fields = super().get_readonly_fields(request, obj)
        return fields if obj is None else [*fields, "lifetime"]

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        account_id = self.page_account_id(request, obj if obj.pk else None)
        return {**kwargs, "form_kwargs": {"account_id": account_id}}

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "owner":
            kwargs["queryset"] = owners(self.page_account_id(request, None))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Returns a form field without the related-object links: staff and tags have pages of their own."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in ("owner", "tags"):
            field.widget = field.widget.widget
        if db_field.name == "tags" and not field.queryset.exists():
            field.help_text = _("There is no tag yet: make one under Followers, Tags.")
        return field

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Returns the fieldsets; a channel with a permanent code has no days."""
        permanent = obj is not None and obj.lifetime == Channel.Lifetime.PERMANENT
        return [
            (title, {"fields": [name for name in part["fields"] if not (permanent and name == "days")]})
            for title, part in self.fieldsets
        ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Returns whether the channel may be deleted: only one that was never scanned.

        Scans stay in the reports, and a printed code goes on being scanned.
        """
        return obj is not None and not obj.scans.exists() and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            Code.objects.create(channel=obj)
            work.wake("channels.make_codes")

    def prepare(self, rows: Sequence[Channel]) -> None:
        counted = report.today_and_ever([channel.pk for channel in rows])
        for channel in rows:
            channel.counted = counted.get(channel.pk, {})  # type: ignore[attr-defined]  # for the columns

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        account = current_account(request)
        may_change = account is not None and Rights.of(request.user).may_change(self.area, account.pk)
        return super().changelist_view(request, {**(extra_context or {}), "may_change": may_change})

    def page_context(self, request: HttpRequest, row: Channel | None) -> dict[str, Any]:
        if row is None:
            return {}
        return {
            "code": row.code,
            "status": code_status.of(row),
            "counted": report.today_and_ever([row.pk]).get(row.pk, {}),
            "welcomes": preview.of(row),
            "posters": Poster.objects.filter(account=row.account_id)[:20],
            "may_change": self.has_change_permission(request, row),
        }

    @admin.action(description=gettext_lazy("Make the codes anew …"), permissions=["change"])
    def make_again(self, request: HttpRequest, channels: QuerySet[Channel]) -> HttpResponse:
        ids = ",".join(str(pk) for pk in channels.values_list("pk", flat=True))
        return redirect(f"{reverse('admin:channels_make_again')}?ids={ids}")

    # --- columns

    @admin.display(description=gettext_lazy("channel"))
    def title(self, channel: Channel) -> SafeString:
        group = format_html('<span class="quiet block">{}</span>', channel.group) if channel.group else ""
        return format_html('<span class="channel-name">{}</span>{}', channel.name, group)

    @admin.display(description=gettext_lazy("code"))
    def code_state(self, channel: Channel) -> SafeString:
        current = code_status.of(channel)
        return format_html(
            '{}<span class="quiet block">{}</span>', badge(current.word, current.kind), current.brief
        )

    @admin.display(description=gettext_lazy("scans today"))
    def scans_today(self, channel: Channel) -> str:
        return f"{_counted(channel, 'today'):,}"

    @admin.display(description=gettext_lazy("scans"))
    def scans_ever(self, channel: Channel) -> str:
        return f"{_counted(channel, 'ever'):,}"

    @admin.display(description=gettext_lazy("new followers"))
    def new_ever(self, channel: Channel) -> str:
        return f"{_counted(channel, 'new'):,}"

    @admin.display(description=gettext_lazy("created"))
    def created(self, channel: Channel) -> SafeString:
        return moment(channel.created_at)


@admin.register(Poster)
class PosterAdmin(AccountScopedAdmin):
    area = Area.CONTENT
    form = PosterForm
    empty_words = gettext_lazy(
        "Add a background picture and say where the code goes; every channel's code can then be downloaded "
        "on it."
    )
    list_display = ("thumbnail", "name", "measures", "created")
    list_display_links = ("name",)
    search_fields = ("name",)
    list_per_page = 50
    list_before_template = "channels/poster_tools.html"
    change_form_outer_before_template = "channels/poster_editor.html"

    class Media:
        css = {"all": ("channels/channels.css",)}
        js = ("channels/poster.js",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Returns the fields of the form.

        The background of an existing poster cannot be changed, because the code would need another place.
        """
        return (
            ("account", "name", "background") if obj is None else ("account", "name", "left", "top", "size")
        )

    def get_urls(self) -> list[URLPattern]:
        file = self.admin_site.admin_view(code_pages.background)
        return [path("<int:pk>/background/", file, name="channels_background"), *super().get_urls()]

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        """Redirects to the poster's page, on which the code is dragged to its place."""
        self.message_user(request, _("Now drag the code to its place, and save."))
        return redirect(reverse("admin:channels_poster_change", args=[obj.pk]))

    @admin.display(description="")
    def thumbnail(self, poster: Poster) -> SafeString:
        address = reverse("admin:channels_background", args=[poster.pk])
        return format_html('<img src="{}" alt="" class="poster-thumbnail" loading="lazy">', address)

    @admin.display(description=gettext_lazy("width and height"))
    def measures(self, poster: Poster) -> str:
        return f"{poster.width} × {poster.height}"

    @admin.display(description=gettext_lazy("created"))
    def created(self, poster: Poster) -> SafeString:
        return moment(poster.created_at)


def _counted(channel: Channel, name: str) -> int:
    return int(getattr(channel, "counted", {}).get(name, 0))
