from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area
from wechat.campaigns import edit_page, overview_page, recipients_page, seeds_page, variant_page
from wechat.campaigns.counters import SENT, Tally
from wechat.campaigns.mass import admin as mass_admin
from wechat.campaigns.models import Campaign
from wechat.campaigns.sequences import admin as sequence_admin
from wechat.console.big_tables import BigTable
from wechat.console.markup import badge, moment
from wechat.kernel.row_ids import row_id

# Registered by being imported.
__all__ = ["CampaignAdmin", "mass_admin", "sequence_admin"]

COLOURS = {
    Campaign.State.WAITING: "warn", Campaign.State.SCHEDULED: "good", Campaign.State.PREPARING: "good",
    Campaign.State.RUNNING: "good", Campaign.State.PAUSED: "warn",
}  # fmt: skip


@admin.register(Campaign)
class CampaignAdmin(BigTable, AccountScopedAdmin):
    """The admin pages of campaigns; the page of one campaign is its overview."""

    area = Area.SENDING
    empty_words = gettext_lazy(
        "A campaign sends a message to many followers, each with their own values, at the speed you choose."
    )
    list_display = ("named", "state_badge", "target_audience", "going", "sent", "begins", "created")
    list_display_links = ("named",)
    list_before_template = "campaigns/list_top.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        rows: QuerySet[Campaign] = super().get_queryset(request)
        return rows.select_related("account", "segment", "tag")

    def get_actions(self, request: HttpRequest) -> Any:
        return {}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Returns whether the campaign may be deleted: only a draft, as what was sent stays on record."""
        return super().has_delete_permission(request, obj) and (obj is None or obj.is_editable)

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Any, name: str) -> URLPattern:
            guarded: URLPattern = path(route, self.admin_site.admin_view(view), name=f"campaigns_{name}")
            return guarded

        return [
            page("seeds/", seeds_page.show, "seeds"),
            page("<int:pk>/edit/", edit_page.show, "edit"),
            page("<int:pk>/variant/<str:letter>/", variant_page.show, "variant"),
            page("<int:pk>/text-preview/", variant_page.text_preview, "text_preview"),
            page("<int:pk>/variant/<str:letter>/delete/", variant_page.delete, "variant_delete"),
            page("<int:pk>/step/", overview_page.step, "step"),
            page("<int:pk>/test/", overview_page.test, "test"),
            page("<int:pk>/recipients/", recipients_page.show, "recipients"),
            page("<int:pk>/recipients.csv", recipients_page.export, "recipients_csv"),
            *super().get_urls(),
        ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return edit_page.add(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return overview_page.show(request, row_id(object_id) or 0)

    @admin.display(description=gettext_lazy("campaign"))
    def named(self, campaign: Campaign) -> str:
        return campaign.name

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, campaign: Campaign) -> SafeString:
        return badge(campaign.get_state_display(), COLOURS.get(Campaign.State(campaign.state), "plain"))

    @admin.display(description=gettext_lazy("to whom"))
    def target_audience(self, campaign: Campaign) -> str:
        return str(campaign.segment or campaign.tag or campaign.get_audience_display())

    @admin.display(description=gettext_lazy("recipients"))
    def going(self, campaign: Campaign) -> SafeString:
        return format_html("{}", f"{Tally.of(campaign).going:,}" if campaign.tallied_at else "–")

    @admin.display(description=gettext_lazy("Sent"))
    def sent(self, campaign: Campaign) -> SafeString:
        return format_html("{}", f"{Tally.of(campaign).number(*SENT):,}" if campaign.started_at else "–")

    @admin.display(description=gettext_lazy("begins"))
    def begins(self, campaign: Campaign) -> SafeString:
        return moment(campaign.started_at or campaign.starts_at)

    @admin.display(description=gettext_lazy("created"))
    def created(self, campaign: Campaign) -> SafeString:
        return moment(campaign.created_at)
