from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Sum
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.official.error_sentences import of_row
from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area, Rights, current_account
from wechat.campaigns.mass import pages, speed_page, words
from wechat.campaigns.mass.forms import MassSendFilter, MassSendForm
from wechat.campaigns.models import MassSend
from wechat.console.big_tables import BigTable
from wechat.console.markup import badge, moment, refreshing
from wechat.console.phrases import labelled

State, Target = MassSend.State, MassSend.Target

SHOWN_PARTS = 200

COLOURS = {
    State.SCHEDULED: "warn", State.SENDING: "warn", State.CONFIRMING: "warn", State.ACCEPTED: "good",
    State.DONE: "good", State.FAILED: "bad", State.UNCERTAIN: "bad",
}  # fmt: skip


@admin.register(MassSend)
class MassSendAdmin(BigTable, AccountScopedAdmin):
    area = Area.SENDING
    form = MassSendForm
    filter_form = MassSendFilter
    empty_words = gettext_lazy(
        "A mass send says the same to everybody, to a tag or to a segment; WeChat allows "
        "a service account (服务号) four a month."
    )
    list_display = ("headline", "state_badge", "target_audience", "result", "begun")
    list_display_links = ("headline",)
    list_select_related = ("draft", "asset", "tag", "segment")
    list_before_template = "campaigns/mass_list.html"
    change_form_outer_before_template = "campaigns/mass_tools.html"
    fieldsets = (
        (None, {"fields": ("account", "name")}),
        (gettext_lazy("To whom"), {"fields": ("target", "tag", "segment", "openid_file")}),
        (
            gettext_lazy("What"),
            {
                "fields": (
                    "kind", "draft", "ignore_reprint", "text", "image", "more", "recommend", "voice", "video",
                    "title", "description",
                )
            },
        ),
    )  # fmt: skip
    shown = ("account", "name", "summary", "target_audience", "state_badge")

    class Media:
        css = {"all": ("campaigns/mass.css",)}
        js = ("console/shown_fields.js",)

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        take_back = guard(require_POST(pages.take_back))
        return [
            path("speed/", guard(speed_page.show), name="campaigns_mass_speed"),
            path("<int:pk>/send/", guard(pages.send), name="campaigns_mass_send"),
            path("<int:pk>/preview/", guard(pages.preview), name="campaigns_mass_preview"),
            path("<int:pk>/take-back/", take_back, name="campaigns_mass_take_back"),
            path("<int:pk>/delete-there/", guard(pages.delete), name="campaigns_mass_delete_there"),
            *super().get_urls(),
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        account_id = self.page_account_id(request, obj)

        class OfTheAccount(form):  # type: ignore[misc]  # made for this request
            def __init__(self, *args: Any, **more: Any) -> None:
                super().__init__(*args, account_id=account_id, **more)

        return OfTheAccount

    def prepare(self, rows: Sequence[MassSend]) -> None:
        received = _received(rows)
        for send in rows:
            vars(send)["received"] = received[send.pk]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Returns the fieldsets of the page.

        A mass send that has begun, or that the reader may not change, is shown as text.
        """
        if obj is not None and not self.has_change_permission(request, obj):
            return [(None, {"fields": self.shown})]
        return self.fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return [*fields, "summary", "target_audience", "state_badge"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.may_be_edited)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Returns a form field without the related-object links: its choices have pages of their own."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in ("tag", "segment", "draft"):
            field.widget = field.widget.widget
        return field

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        account = current_account(request)
        context = {**(extra_context or {}), "account": account}
        if account is not None and Rights.of(request.user).may_view(self.area, account.pk):
            context |= pages.allowances(account)
        return super().changelist_view(request, context)

    def page_context(self, request: HttpRequest, row: MassSend | None) -> dict[str, Any]:
        if row is None:
            return {}
        calls = row.calls.all()[:SHOWN_PARTS]
        return {
            "may_send": Rights.of(request.user).may_change(self.area, row.account_id),
            "problem": words.of_send(row),
            "parts": [(call, words.of_call(call), words.of_checks(call)) for call in calls],
            "sums": row.calls.aggregate(*map(Sum, ("size", "total", "filtered", "sent", "errors"))),
            "previews": [(each, of_row(each)) for each in row.previews.order_by("-pk")[:5]],
        }

    # --- columns

    @admin.display(description=gettext_lazy("mass send"))
    def headline(self, send: MassSend) -> SafeString:
        line = '<span class="mass-name">{}</span><span class="quiet block">{}</span>'
        return format_html(line, send.name, Truncator(send.words).chars(60))

    @admin.display(description=gettext_lazy("what goes out"))
    def summary(self, send: MassSend) -> str:
        return send.words

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, send: MassSend) -> SafeString:
        return refreshing(f"mass-{send.pk}", self._standing(send), moves=send.is_under_way)

    def _standing(self, send: MassSend) -> SafeString:
        if send.is_starting:
            return badge(_("Starting"), "warn")
        shown = badge(send.get_state_display(), COLOURS.get(State(send.state), "plain"))
        if send.state == State.SCHEDULED:
            return format_html("{} {}", shown, moment(send.starts_at))
        problem = words.of_send(send)
        return format_html('{}<span class="quiet block">{}</span>', shown, problem) if problem else shown

    @admin.display(description=gettext_lazy("to whom"))
    def target_audience(self, send: MassSend) -> str:
        chosen = {Target.TAG: send.tag, Target.SEGMENT: send.segment}.get(Target(send.target))
        label = str(send.get_target_display())
        return labelled(label, chosen) if chosen else label

    @admin.display(description=gettext_lazy("received it"))
    def result(self, send: MassSend) -> str:
        received = vars(send).get("received") or _received([send])[send.pk]
        return "–" if received["sent"] is None else f"{received['sent']:,} / {received['filtered'] or 0:,}"

    @admin.display(description=gettext_lazy("begun"))
    def begun(self, send: MassSend) -> SafeString:
        return moment(send.started_at)


def _received(sends: Sequence[MassSend]) -> dict[int, dict[str, int | None]]:
    """Returns by mass send how many followers received it and how many may receive it (``filtered``).

    Both are ``None`` until WeChat has reported.
    """
    rows = MassSend.objects.filter(pk__in=[send.pk for send in sends])
    summed = rows.annotate(sent=Sum("calls__sent"), filtered=Sum("calls__filtered"))
    return {row.pk: {"sent": row.sent, "filtered": row.filtered} for row in summed}
