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

from accounts.official import error_sentences
from accounts.staff.rights import Area, Rights
from payments.merchants import error_words
from payments.merchants.scoping import MerchantScopedAdmin, own_or_whole, whole_merchants
from payments.notifications import handling
from payments.notifications.models import Notification
from wechat.console.big_tables import BigTable
from wechat.console.markup import badge, moment
from wechat.console.pages import ReadOnly

NOTIFICATION_COLOURS = {
    Notification.State.APPLIED: "good",
    Notification.State.REPEAT: "plain",
    Notification.State.ASIDE: "warn",
    Notification.State.FAILED: "bad",
}


@admin.register(Notification)
class NotificationAdmin(ReadOnly, BigTable, MerchantScopedAdmin):
    area = Area.MONEY
    empty_words = gettext_lazy("What WeChat Pay reports about orders and refunds is kept here as it came.")
    list_display = ("received", "event", "summary", "order", "state_badge", "failure")
    list_display_links = ("event",)
    list_select_related = ("order", "merchant")
    change_form_outer_before_template = "notifications/notification_tools.html"
    fields = (
        "received", "event", "summary", "order", "state_badge", "failure", "attempts",
        "notification_id", "merchant",
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
        return [path("<int:pk>/again/", view, name="notifications_notification_again"), *super().get_urls()]

    def page_context(self, request: HttpRequest, row: Notification) -> dict[str, Any]:
        unfinished = row.state in {Notification.State.FAILED, Notification.State.ASIDE} and bool(row.resource)
        return {"may_handle": unfinished and self._may(request, row)}

    def again_view(self, request: HttpRequest, notification: Notification) -> HttpResponse:
        """Applies a notification again, as a worker would; safe to repeat."""
        if not self._may(request, notification):
            raise PermissionDenied
        if request.method == "POST":
            handling.handle_now(notification)
            self.log_change(request, notification, _("Handled again"))
            self.message_user(
                request, _("The notification is: %(state)s.") % {"state": notification.get_state_display()}
            )
        return redirect("admin:notifications_notification_change", notification.pk)

    def _may(self, request: HttpRequest, notification: Notification) -> bool:
        rights = Rights.of(request.user)
        if notification.order is not None:
            return rights.may_change(self.area, notification.order.account_id)
        return whole_merchants(rights, self.area, change=True).filter(pk=notification.merchant_id).exists()

    @admin.display(description=gettext_lazy("received"))
    def received(self, notification: Notification) -> SafeString:
        return moment(notification.received_at)

    @admin.display(description=gettext_lazy("event"))
    def event(self, notification: Notification) -> str:
        return notification.event

    @admin.display(description=gettext_lazy("error"))
    def failure(self, notification: Notification) -> SafeString:
        return error_sentences.rendered(error_words.of_text(notification.error))

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, notification: Notification) -> SafeString:
        return badge(
            notification.get_state_display(), NOTIFICATION_COLOURS[Notification.State(notification.state)]
        )
