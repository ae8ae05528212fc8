"""The admin of WeChat Pay's notifications, for finance."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.staff.rights import Area, Rights
from payments.merchants.scoping import MerchantScopedAdmin, own_or_whole, whole_merchants
from payments.notifications import notices
from payments.notifications.models import Notice
from wechat.console import failures
from wechat.console.big_tables import BigTable
from wechat.console.markup import badge, moment
from wechat.console.pages import ReadOnly

NOTICE_COLOURS = {
    Notice.State.APPLIED: "good",
    Notice.State.REPEAT: "plain",
    Notice.State.ASIDE: "warn",
    Notice.State.FAILED: "bad",
}


@admin.register(Notice)
class NoticeAdmin(ReadOnly, BigTable, MerchantScopedAdmin):
    area = Area.MONEY
    empty_words = gettext_lazy("What WeChat Pay reports about orders and refunds is kept here as it came.")
    list_display = ("received", "event", "summary", "order", "state_badge", "failure")
    list_display_links = ("event",)
    list_select_related = ("order", "merchant")
    change_form_outer_before_template = "notifications/notice_tools.html"
    fields = (
        "received", "event", "original_type", "summary", "order", "state_badge", "failure", "attempts",
        "notice_id", "merchant",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Returns the notifications of the account's orders.

        Those without an order are included if the reader sees all of the merchant's accounts.
        """
        rows = super().get_queryset(request)
        own = Q(order__account__in=self.shown_accounts(request))
        return rows.filter(own_or_whole(own, Rights.of(request.user), self.area, path="order__account"))

    def get_urls(self) -> list[URLPattern]:
        view = self.object_view(self.again_view, change=True)
        return [path("<int:pk>/again/", view, name="notifications_notice_again"), *super().get_urls()]

    def page_context(self, request: HttpRequest, row: Notice) -> dict[str, Any]:
        unfinished = row.state in {Notice.State.FAILED, Notice.State.ASIDE} and bool(row.resource)
        return {"may_handle": unfinished and self._may(request, row)}

    def again_view(self, request: HttpRequest, notice: Notice) -> HttpResponse:
        """Applies a notification again, as a worker would; safe to repeat."""
        if not self._may(request, notice):
            raise PermissionDenied
        if request.method == "POST":
            notices.handle_now(notice)
            self.log_change(request, notice, _("Handled again"))
            self.message_user(
                request, _("The notification is: %(state)s.") % {"state": notice.get_state_display()}
            )
        return redirect("admin:notifications_notice_change", notice.pk)

    def _may(self, request: HttpRequest, notice: Notice) -> bool:
        rights = Rights.of(request.user)
        if notice.order is not None:
            return rights.may_change(self.area, notice.order.account_id)
        return whole_merchants(rights, self.area, change=True).filter(pk=notice.merchant_id).exists()

    @admin.display(description=gettext_lazy("received"))
    def received(self, notice: Notice) -> SafeString:
        return moment(notice.received_at)

    @admin.display(description=gettext_lazy("event"))
    def event(self, notice: Notice) -> str:
        return notice.event

    @admin.display(description=gettext_lazy("error"))
    def failure(self, notice: Notice) -> SafeString:
        return failures.sentence(notice.error)

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, notice: Notice) -> SafeString:
        return badge(notice.get_state_display(), NOTICE_COLOURS[Notice.State(notice.state)])
