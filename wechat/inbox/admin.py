from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST
from lxml import etree

from accounts.followers import people
from accounts.followers.labels import name_of
from accounts.official import error_sentences
from accounts.staff import audit
from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area, Rights, current_account
from wechat.console.big_tables import BigTable
from wechat.console.markup import badge
from wechat.console.pages import ReadOnly
from wechat.inbox import answerers, conversation_page, event_names, refused_page, unanswered_page
from wechat.inbox.failures import handle_again
from wechat.inbox.filtering import LogFilter
from wechat.inbox.models import InboundMessage
from wechat.kernel.converters import ANY_TEXT

# Whole documents only, nothing fetched, nothing expanded: the body is a stranger's.
PARSER = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True, strip_cdata=False)


@admin.register(InboundMessage)
class InboundMessageAdmin(ReadOnly, BigTable, AccountScopedAdmin):
    """The admin of the message log: read-only, apart from the action that handles a message again."""

    area = Area.MESSAGES
    list_title = gettext_lazy("Message log")
    filter_form = LogFilter
    empty_words = gettext_lazy(
        "What followers write and do is listed here as soon as WeChat sends it: the "
        "callback address must be entered on WeChat's page."
    )
    list_display = ("received", "follower", "message_summary", "answer_given", "state_badge")
    list_display_links = ("received",)
    actions = ("handle_again",)
    change_form_outer_before_template = "inbox/message_tools.html"
    fields = (
        "account", "follower", "message_summary", "received_at", "sent_at", "answer_given", "state_badge",
        "failure", "raw",
    )  # fmt: skip
    readonly_fields = fields

    def filter_of(self, request: HttpRequest) -> LogFilter:
        return LogFilter(current_account(request), request.GET)

    def prepare(self, rows: Sequence[InboundMessage]) -> None:
        people.attach_people(rows)
        event_names.attach_event_names(rows)
        names = answerers.names(row.answered_by for row in rows)
        for row in rows:
            vars(row)["answerer"] = names.of(row.answered_by)

    def has_handle_permission(self, request: HttpRequest) -> bool:
        account = current_account(request)
        return account is not None and Rights.of(request.user).may_change(self.area, account.pk)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        again = self.object_view(require_POST(self.again_view), change=True)
        return [
            path("unanswered/", view(unanswered_page.show), name="inbox_unanswered"),
            path("refused/", view(refused_page.show), name="inbox_refused"),
            path("unanswered/ignore/", view(unanswered_page.ignore), name="inbox_ignore"),
            path(
                f"conversation/<int:pk>/<{ANY_TEXT}:openid>/",
                view(conversation_page.show),
                name="inbox_conversation",
            ),
            path("<int:pk>/again/", again, name="inbox_again"),
            *super().get_urls(),
        ]

    # --- columns and fields

    @admin.display(description=gettext_lazy("received"))
    def received(self, row: InboundMessage) -> str:
        return timezone.localtime(row.received_at).strftime("%Y-%m-%d %H:%M:%S")

    @admin.display(description=gettext_lazy("follower"))
    def follower(self, row: InboundMessage) -> SafeString:
        return people.rendered(people.of_row(row), conversation_page.address(row) if row.openid else "")

    @admin.display(description=gettext_lazy("message"))
    def message_summary(self, row: InboundMessage) -> SafeString:
        if row.kind == InboundMessage.MALFORMED:
            return badge(_("unreadable"), "bad")
        if row.kind == "text":
            return format_html('<span class="multiline">{}</span>', Truncator(row.text).chars(120))
        text = Truncator(row.read).chars(80)
        return format_html('{} <span class="multiline">{}</span>', badge(name_of(row.kind, row.event)), text)

    @admin.display(description=gettext_lazy("answered by"))
    def answer_given(self, row: InboundMessage) -> str | SafeString:
        if row.answered_by:
            by = vars(row).get("answerer") or answerers.names([row.answered_by]).of(row.answered_by)
            return (
                format_html('<a class="link" href="{}">{}</a>', by.link, by.name)
                if by.link
                else badge(by.name)
            )
        return badge(_("unanswered"), "warn") if row.kind == "text" else "–"

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, row: InboundMessage) -> SafeString:
        if row.is_given_up:
            return badge(_("failed"), "bad")
        if row.due_at:
            return badge(_("waiting"))
        return badge(_("answered late"), "warn") if row.late else badge(_("handled"), "good")

    @admin.display(description=gettext_lazy("error"))
    def failure(self, row: InboundMessage) -> SafeString:
        return error_sentences.rendered(row.error, row.errcode)

    @admin.display(description=gettext_lazy("raw"))
    def raw(self, row: InboundMessage) -> SafeString:
        what = _("As WeChat sent it")
        return format_html(
            '<details><summary>{}</summary><pre class="raw">{}</pre></details>', what, indented(row.raw_body)
        )

    # --- handling again

    @admin.action(description=gettext_lazy("Handle again"), permissions=["handle"])
    def handle_again(self, request: HttpRequest, rows: QuerySet[InboundMessage]) -> None:
        count = self._make_due(request, list(rows))
        done = ngettext("%d message will be handled again.", "%d messages will be handled again.", count)
        self.message_user(request, done % count)

    def again_view(self, request: HttpRequest, row: InboundMessage) -> HttpResponse:
        self._make_due(request, [row])
        self.message_user(request, _("The message will be handled again."))
        return redirect("admin:inbox_inboundmessage_change", row.pk)

    def _make_due(self, request: HttpRequest, rows: list[InboundMessage]) -> int:
        number = handle_again(InboundMessage.objects.filter(pk__in=[row.pk for row in rows]))
        audit.record(request, rows, _("Handled again."))
        return number

    def page_context(self, request: HttpRequest, row: InboundMessage) -> dict[str, Any]:
        event_names.attach_event_names([row])
        return {
            "may_handle": self.has_handle_permission(request),
            "conversation": conversation_page.address(row) if row.openid else "",
        }


def indented(body: bytes) -> str:
    """Returns XML with line breaks for reading; other text unchanged, and binary data as numbers."""
    try:
        return etree.tostring(etree.fromstring(body, PARSER), encoding="unicode", pretty_print=True)
    except (etree.XMLSyntaxError, ValueError):
        return body.decode(errors="backslashreplace")
