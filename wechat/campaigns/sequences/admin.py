from collections.abc import Sequence as Rows
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area
from wechat.campaigns.models import Sequence, SequenceStep
from wechat.campaigns.sequences import enrolling, pages, report, triggers
from wechat.campaigns.sequences.forms import SequenceFilter, SequenceForm, StepForm, StepFormSet
from wechat.console.pages import BigTable, PartOf, StackedInline, badge
from wechat.contents.form import CautiousAdmin, ContentForm


class StepInline(PartOf, StackedInline[SequenceStep, Sequence]):
    model = SequenceStep
    form = StepForm
    formset = StepFormSet
    fields = (
        "wait", "unit", "kind",
        *(name for name in ContentForm.base_fields if name != "kind"),
        "template", "filled", "position",
    )  # fmt: skip
    readonly_fields = ("filled",)
    ordering_field = "position"
    hide_ordering_field = True
    extra = 0

    may_fill = False

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        # An inline is made for each request.
        self.may_fill = self.has_change_permission(request, obj)
        return super().get_formset(request, obj, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "template":
            field.widget = field.widget.widget
        return field

    @admin.display(description=gettext_lazy("values of the template"))
    def filled(self, step: SequenceStep) -> SafeString | str:
        if not step.pk or step.template is None:
            return "–"
        address = reverse("admin:campaigns_sequence_fill", args=[step.sequence_id, step.pk])
        missing = badge(_("still to be filled in"), "bad")
        done = badge(_("filled in"), "good") if step.has_template else missing
        if not self.may_fill:
            return done
        return format_html('{} <a class="link" href="{}">{}</a>', done, address, _("Fill in…"))


@admin.register(Sequence)
class SequenceAdmin(CautiousAdmin, BigTable, AccountScopedAdmin):
    area = Area.SENDING
    form = SequenceForm
    filter_form = SequenceFilter
    inlines = (StepInline,)
    list_display = ("headline", "switch", "begins", "priority", "running", "finished", "stopped")
    list_display_links = ("headline",)
    list_select_related = ("channel",)
    list_before_template = "campaigns/sequence_list.html"
    change_form_outer_before_template = "campaigns/sequence_tools.html"
    formfield_overrides = {models.TimeField: {"widget": UnfoldAdminTextInputWidget(attrs={"type": "time"})}}
    fieldsets = (
        (None, {"fields": ("account", "name", "enabled")}),
        (gettext_lazy("Who gets it"), {"fields": ("trigger", "channel", "priority")}),
        (
            gettext_lazy("When it keeps silent"),
            {"fields": (("quiet_from", "quiet_until"), "stop_on_reply", "stop_on_purchase")},
        ),
    )

    class Media:
        css = {"all": ("campaigns/mass.css",)}
        js = ("contents/content.js",)

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        remove = guard(require_POST(pages.remove))
        return [
            path("<int:pk>/report/", guard(pages.show), name="campaigns_sequence_report"),
            path("<int:pk>/remove/<int:enrolment>/", remove, name="campaigns_sequence_remove"),
            path("<int:pk>/steps/<int:step>/", guard(pages.fill), name="campaigns_sequence_fill"),
            *super().get_urls(),
        ]

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        account_id = self.account_id_for(request, obj if obj.pk else None)
        return {**kwargs, "form_kwargs": {"account_id": account_id}}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "channel":
            field.widget, field.empty_label = field.widget.widget, _("Any channel")
        return field

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if change:
            enrolling.look_again(form.instance)

    def delete_model(self, request: HttpRequest, obj: Sequence) -> None:
        """Whoever waited behind it goes on."""
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

    @admin.display(description=gettext_lazy("on"))
    def switch(self, sequence: Sequence) -> SafeString:
        return badge(_("On"), "good") if sequence.enabled else badge(_("Off"))

    @admin.display(description=gettext_lazy("begins when"))
    def begins(self, sequence: Sequence) -> str:
        label = str(triggers.known().get(sequence.trigger, sequence.trigger))
        return f"{label}: {sequence.channel}" if sequence.channel else label

    @admin.display(description=gettext_lazy("in it now"))
    def running(self, sequence: Any) -> int:
        return int(sequence.counted.running + sequence.counted.paused)

    @admin.display(description=gettext_lazy("got all"))
    def finished(self, sequence: Any) -> int:
        return int(sequence.counted.finished)

    @admin.display(description=gettext_lazy("stopped"))
    def stopped(self, sequence: Any) -> int:
        return int(sequence.counted.stopped)
