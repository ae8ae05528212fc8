from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST
from django_stubs_ext import StrOrPromise

from accounts.followers import people
from accounts.official import error_sentences
from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import frame
from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area, Rights, current_account
from wechat.console.big_tables import BigTable
from wechat.console.markup import badge, moment
from wechat.console.pages import ReadOnly
from wechat.console.phrases import labelled
from wechat.inbox import answerers
from wechat.pushes import lateness, picture_page, send_holds, send_rates_page, staff_notice_page, windows
from wechat.pushes.event_admin import EventTemplateAdmin
from wechat.pushes.filtering import PushFilter
from wechat.pushes.models import EventTemplate, Push, Template
from wechat.pushes.summary import COLOURS, because, rendered, summary
from wechat.pushes.template_admin import TemplateAdmin
from wechat.pushes.transitions import may_repeat, send_again

# The right to change in one of these areas is the right to send a message again.
SENDERS = (Area.SENDING, Area.MESSAGES)

admin.site.register(Template, TemplateAdmin)
admin.site.register(EventTemplate, EventTemplateAdmin)


@admin.register(Push)
class PushAdmin(ReadOnly, BigTable, AccountScopedAdmin):
    """The read-only list of pushes, which are created by rules, answers and campaigns."""

    area = Area.MESSAGES
    empty_words = gettext_lazy(
        "Every message to a follower is listed here, whether a rule, a colleague, a "
        "campaign or a business system sent it."
    )
    list_display = ("created", "follower", "sort", "message_summary", "state_badge", "because", "cause_named")
    list_before_template = "pushes/push_list_top.html"
    list_display_links = ("created",)
    filter_form = PushFilter
    change_form_outer_before_template = "pushes/send_again_offer.html"
    fields = (
        "account",
        "follower",
        "kind",
        "whole",
        "state_badge",
        "because",
        "cause_named",
        "answered",
        "attempts",
        "created",
        "sent",
        "failure",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Push]:
        rows: QuerySet[Push] = super().get_queryset(request)
        return rows.select_related("account")

    def filter_of(self, request: HttpRequest) -> PushFilter:
        return PushFilter(current_account(request), request.GET)

    def prepare(self, rows: Sequence[Push]) -> None:
        people.attach_people(rows)
        causes = answerers.names(row.cause for row in rows)
        for row in rows:
            vars(row)["caused_by"] = causes.of(row.cause)

    def get_urls(self) -> list[URLPattern]:
        speed = self.admin_site.admin_view(send_rates_page.show)
        again = self.object_view(self.again_view, change=True, by=SENDERS)
        go_on = self.account_view(require_POST(self.go_on_view), change=True, by=(Area.SENDING,))
        late = self.account_view(require_POST(self.late_view), change=True, by=(Area.SENDING,))
        return [
            path("<int:pk>/again/", again, name="pushes_push_again"),
            path("speed/", speed, name="pushes_rates"),
            path("tell-me/", self.admin_site.admin_view(staff_notice_page.show), name="pushes_staff_notice"),
            path("pictures/<int:pk>/", self.admin_site.admin_view(picture_page.show), name="pushes_picture"),
            path("go-on/", go_on, name="pushes_push_go_on"),
            path("late/", late, name="pushes_push_late"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        account = current_account(request)
        context = {
            "account": account,
            "held": send_holds.in_words(account) if account else [],
            "late": lateness.waiting(account.pk) if account else None,
            "may_see_speed": bool(account and Rights.of(request.user).may_view(Area.SENDING, account.pk)),
            "may_go_on": bool(account and Rights.of(request.user).may_change(Area.SENDING, account.pk)),
        }
        return super().changelist_view(request, {**(extra_context or {}), **context})

    def go_on_view(self, request: HttpRequest, account: OfficialAccount) -> HttpResponse:
        """Lifts the hold on a kind of message, for example after the quota was raised or cleared."""
        part = request.POST.get("kind", "")
        if part not in send_holds.PARTS:
            raise Http404
        send_holds.go_on(account, part)
        done = _("What waited goes on.")
        audit.record(request, account, labelled(send_holds.PARTS[part], done))
        self.message_user(request, done)
        return redirect("admin:pushes_push_changelist")

    def late_view(self, request: HttpRequest, account: OfficialAccount) -> HttpResponse:
        """Sends the late messages after all, or calls them off, as the person decided."""
        if "send" in request.POST:
            number, note = lateness.send(account.pk), _("Sent what was due long ago.")
            sentence = ngettext("%d goes out now.", "%d go out now.", number)
        else:
            number, note = lateness.cancel(account.pk), _("Called off what was due long ago.")
            sentence = ngettext("%d is called off.", "%d are called off.", number)
        if number:
            audit.record(request, account, f"{note} {sentence % number}")
        self.message_user(request, sentence % number if number else _("Nothing was on hold any more."))
        return redirect("admin:pushes_push_changelist")

    def page_context(self, request: HttpRequest, row: Push) -> dict[str, Any]:
        return {"may_send_again": may_repeat(row) and _may_send(request, row)}

    def again_view(self, request: HttpRequest, push: Push) -> HttpResponse:
        """Shows what will happen, and sends the message again once that is confirmed."""
        if request.method == "POST":
            return self._sent_again(request, push)
        context = frame(
            request,
            _("Send again"),
            opts=self.opts,
            push=push,
            text=rendered(push.content),
            reason=push.get_reason_display(),
            allowance=windows.left(push.account, push.openid, timezone.now()),
        )
        return TemplateResponse(request, "pushes/send_again.html", context)

    def _sent_again(self, request: HttpRequest, push: Push) -> HttpResponse:
        before = labelled(push.get_state_display(), push.get_reason_display())
        if send_again(push):
            audit.record(request, push, _("Sent again; before: %(state)s") % {"state": before})
            self.message_user(request, _("The message is on its way."))
        else:
            self.message_user(request, _("The message was already sent again."))
        return redirect(reverse("admin:pushes_push_change", args=[push.pk]))

    @admin.display(description=gettext_lazy("created"))
    def created(self, push: Push) -> SafeString:
        return moment(push.created_at)

    @admin.display(description=gettext_lazy("sent"))
    def sent(self, push: Push) -> SafeString:
        return moment(push.sent_at)

    @admin.display(description=gettext_lazy("follower"))
    def follower(self, push: Push) -> SafeString:
        address = reverse("admin:inbox_conversation", args=[push.account_id, push.openid])
        return people.rendered(people.of_row(push), address)

    @admin.display(description=gettext_lazy("because of"))
    def cause_named(self, push: Push) -> str | SafeString:
        if not push.cause:
            return ""
        by = vars(push).get("caused_by") or answerers.names([push.cause]).of(push.cause)
        return format_html('<a class="link" href="{}">{}</a>', by.link, by.name) if by.link else by.name

    @admin.display(description=gettext_lazy("kind"))
    def sort(self, push: Push) -> SafeString:
        return format_html('<span class="moment">{}</span>', push.get_kind_display())

    @admin.display(description=gettext_lazy("message"))
    def message_summary(self, push: Push) -> str:
        return summary(push.content)

    @admin.display(description=gettext_lazy("message"))
    def whole(self, push: Push) -> SafeString:
        return format_html('<span class="multiline">{}</span>', rendered(push.content))

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, push: Push) -> SafeString:
        return badge(push.get_state_display(), COLOURS[Push.State(push.state)])

    @admin.display(description=gettext_lazy("reason"))
    def because(self, push: Push) -> StrOrPromise:
        return because(push)

    @admin.display(description=gettext_lazy("error"))
    def failure(self, push: Push) -> SafeString:
        return error_sentences.rendered(push.error)

    @admin.display(description=gettext_lazy("in answer to"))
    def answered(self, push: Push) -> str | SafeString:
        if push.inbound_id is None:
            return ""
        address = reverse("admin:inbox_inboundmessage_change", args=[push.inbound_id])
        return format_html('<a class="link" href="{}">{}</a>', address, push.inbound)


def _may_send(request: HttpRequest, push: Push) -> bool:
    rights = Rights.of(request.user)
    return any(rights.may_change(area, push.account_id) for area in SENDERS)
