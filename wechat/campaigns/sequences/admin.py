from collections.abc import Sequence as Rows
from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area
from wechat.campaigns.models import Sequence
from wechat.campaigns.sequences import (
    dry_run_page,
    enrolling,
    pages,
    polling,
    report,
    timeline_page,
    triggers,
)
from wechat.campaigns.sequences.forms import SequenceFilter, SequenceForm
from wechat.console.big_tables import BigTable
from wechat.console.markup import badge
from wechat.kernel.row_ids import row_id


@admin.register(Sequence)
class SequenceAdmin(BigTable, AccountScopedAdmin):
    """The pages of sequences.

    The page of one sequence is its timeline; who enters and what ends it is on a page for its settings.
    """

    area = Area.SENDING
    empty_words = gettext_lazy(
        "Choose what a sequence begins with, and write the messages that follow one another, such as a "
        "welcome after a day."
    )
    form = SequenceForm
    filter_form = SequenceFilter
    list_display = ("headline", "switch", "begins", "priority", "running", "finished", "stopped")
    list_display_links = ("headline",)
    list_select_related = ("channel", "tag", "segment", "date_field")
    list_before_template = "campaigns/sequence_list.html"
    formfield_overrides = {models.TimeField: {"widget": UnfoldAdminTextInputWidget(attrs={"type": "time"})}}
    fieldsets = (
        (None, {"fields": ("account", "name", "tracked")}),
        (
            gettext_lazy("Who enters"),
            {
                "fields": (
                    "trigger", "channel", "tag", "segment", "menu_key", "date_field", "date_days", "date_at",
                    "yearly", "reentry", "reentry_days", "priority",
                )
            },
        ),
        (
            gettext_lazy("When it keeps silent"),
            {"fields": (("quiet_from", "quiet_until"), "cap_days", "stop_on_reply", "stop_on_purchase")},
        ),
    )  # fmt: skip

    class Media:
        css = {"all": ("campaigns/mass.css",)}
        js = ("console/shown_fields.js",)

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Any, name: str) -> URLPattern:
            guarded: URLPattern = path(
                route, self.admin_site.admin_view(view), name=f"campaigns_sequence_{name}"
            )
            return guarded

        return [
            page("<int:pk>/settings/", self.settings_view, "settings"),
            page("<int:pk>/report/", pages.show, "report"),
            page("<int:pk>/dry-run/", dry_run_page.show, "dry_run"),
            page("<int:pk>/remove/<int:enrolment>/", require_POST(pages.remove), "remove"),
            page("<int:pk>/steps/<int:step>/", pages.fill, "fill"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return timeline_page.show(request, row_id(object_id) or 0)

    def settings_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return super().change_view(request, str(pk))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        account_id = self.page_account_id(request, obj)

        class OfAccount(form):  # type: ignore[misc]  # made for this request
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                self.offer_menu_items(account_id)

        return OfAccount

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in ("channel", "tag", "segment", "date_field"):
            field.widget = field.widget.widget
        if db_field.name == "channel":
            field.empty_label = _("Any channel")
        return field

    def save_model(self, request: HttpRequest, obj: Sequence, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change or polling.DECIDED_BY & set(form.changed_data):
            polling.plan(obj)
        if change:
            enrolling.reschedule(obj)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        return redirect("admin:campaigns_sequence_change", obj.pk)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        self.message_user(request, _("The settings are saved."), messages.SUCCESS)
        return redirect("admin:campaigns_sequence_change", obj.pk)

    def delete_model(self, request: HttpRequest, obj: Sequence) -> None:
        """Deletes the sequence, and wakes the enrolments that waited behind it."""
        account_id = obj.account_id
        super().delete_model(request, obj)
        enrolling.wake_everybody(account_id)

    def prepare(self, rows: Rows[Sequence]) -> None:
        counted = report.people(rows)
        for sequence in rows:
            sequence.counted = counted[sequence.pk]  # type: ignore[attr-defined]  # for the columns

    # --- columns

    @admin.display(description=gettext_lazy("sequence"))
    def headline(self, sequence: Sequence) -> SafeString:
        return format_html('<span class="mass-name">{}</span>', sequence.name)

    @admin.display(description=gettext_lazy("state"))
    def switch(self, sequence: Sequence) -> SafeString:
        return badge(_("On"), "good") if sequence.enabled else badge(_("Off"))

    @admin.display(description=gettext_lazy("begins when"))
    def begins(self, sequence: Sequence) -> str:
        return triggers.in_words(sequence)

    @admin.display(description=gettext_lazy("in it now"))
    def running(self, sequence: Any) -> str:
        return f"{sequence.counted.running + sequence.counted.paused:,}"

    @admin.display(description=gettext_lazy("got all"))
    def finished(self, sequence: Any) -> str:
        return f"{sequence.counted.finished:,}"

    @admin.display(description=gettext_lazy("stopped"))
    def stopped(self, sequence: Any) -> str:
        return f"{sequence.counted.stopped:,}"
