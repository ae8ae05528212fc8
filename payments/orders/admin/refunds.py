"""The admin of refunds, for finance: the list, and the decision of the second person."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers import people
from accounts.official import error_sentences
from accounts.staff.colleagues import name_of
from accounts.staff.gate import frame, reader
from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area, Rights
from payments.merchants import error_words
from payments.orders.admin.orders import payer_of, payer_openid, trade_number
from payments.orders.filtering import RefundFilter
from payments.orders.models import Refund
from payments.orders.ordering import OrderRefused, Uncertain
from payments.orders.refunds import abnormal, approval
from payments.orders.refunds.pay_out_form import PayOutForm
from payments.orders.states import RefundState
from wechat.console.amounts import money
from wechat.console.big_tables import BigTable
from wechat.console.markup import badge, moment
from wechat.console.pages import ReadOnly
from wechat.inbox import answerers

COLOURS = {
    RefundState.WAITING: "warn",
    RefundState.PENDING: "plain",
    RefundState.PROCESSING: "plain",
    RefundState.ABNORMAL: "bad",
    RefundState.SUCCESS: "good",
    RefundState.CLOSED: "bad",
    RefundState.REFUSED: "bad",
    RefundState.REJECTED: "plain",
}


@admin.register(Refund)
class RefundAdmin(ReadOnly, BigTable, AccountScopedAdmin):
    area = Area.MONEY
    empty_words = gettext_lazy("A refund begins on the page of its order.")
    list_display = ("requested", "number", "order_link", "payer", "given", "state_badge", "reason")
    list_display_links = ("number",)
    list_select_related = ("order", "order__merchant", "asked_by", "account")
    filter_form = RefundFilter
    change_form_outer_before_template = "orders/refund_tools.html"
    fields = (
        "account", "number", "order_link", "payer", "given", "state_badge", "failure", "reason", "asker",
        "decider", "made_by", "refund_id", "received_account", "calls", "created", "done",
    )  # fmt: skip
    readonly_fields = fields

    def prepare(self, rows: Sequence[Refund]) -> None:
        people.attach_people(rows, openid=_payer_openid)

    def get_urls(self) -> list[URLPattern]:
        pages = (("decide", self.decide_view), ("pay_out", self.pay_out_view))
        ours = [
            path(f"<int:pk>/{name}/", self.object_view(view, change=True), name=f"orders_refund_{name}")
            for name, view in pages
        ]
        return [*ours, *super().get_urls()]

    def page_context(self, request: HttpRequest, row: Refund) -> dict[str, Any]:
        mine = _may_change(request, row)
        return {
            "may_decide": mine and row.state == RefundState.WAITING,
            "may_pay_out": mine and abnormal.is_possible(row),
        }

    def decide_view(self, request: HttpRequest, refund: Refund) -> HttpResponse:
        """Shows what will happen; after confirmation approves or rejects the refund."""
        if request.method == "POST":
            self._decide(request, refund, agreed="agreed" in request.POST)
            return redirect("admin:orders_refund_change", refund.pk)
        is_own = refund.asked_by_id == reader(request).pk
        title = _("Decide about the refund")
        context = frame(
            request, title, opts=self.opts, refund=refund, is_own=is_own, payer=payer_of(refund.order)
        )
        return TemplateResponse(request, "orders/decide.html", context)

    def pay_out_view(self, request: HttpRequest, refund: Refund) -> HttpResponse:
        """Pays an abnormal refund out to another card, or to the merchant."""
        if not abnormal.is_possible(refund):
            self.message_user(request, _("This refund does not wait for another card."))
            return redirect("admin:orders_refund_change", refund.pk)
        form = PayOutForm(request.POST or None)
        if request.method == "POST" and form.is_valid() and self._paid_out(request, refund, form):
            return redirect("admin:orders_refund_change", refund.pk)
        context = frame(request, _("Pay out in another way"), opts=self.opts, refund=refund, form=form)
        return TemplateResponse(request, "orders/pay_out.html", context)

    def _paid_out(self, request: HttpRequest, refund: Refund, form: PayOutForm) -> bool:
        try:
            abnormal.pay_out(refund, form.card(), reader(request))
        except OrderRefused as error:
            form.add_error(None, str(error.sentence))
            return False
        except Uncertain:
            message = _(
                "WeChat Pay gave no usable answer. Look at the refund in a minute before you try again."
            )
            self.message_user(request, message, level="WARNING")
            return True
        self.log_change(request, refund, _("Paid out in another way"))
        self.message_user(request, _("WeChat Pay took it and will tell when it is done."))
        return True

    def _decide(self, request: HttpRequest, refund: Refund, *, agreed: bool) -> None:
        try:
            decide = approval.approve if agreed else approval.reject
            done = decide(refund, reader(request))
        except OrderRefused as error:
            self.message_user(request, str(error.sentence), level="ERROR")
            return
        refund.refresh_from_db()
        if done:
            self.log_change(request, refund, refund.get_state_display())
        self.message_user(request, _("The refund is: %(state)s.") % {"state": refund.get_state_display()})

    @admin.display(description=gettext_lazy("made by"))
    def made_by(self, refund: Refund) -> str:
        return answerers.names([refund.source]).of(refund.source).name

    @admin.display(description=gettext_lazy("requested by"))
    def asker(self, refund: Refund) -> str | None:
        return name_of(refund.asked_by) if refund.asked_by else None

    @admin.display(description=gettext_lazy("decided by"))
    def decider(self, refund: Refund) -> str | None:
        return name_of(refund.decided_by) if refund.decided_by else None

    @admin.display(description=gettext_lazy("requested"))
    def created(self, refund: Refund) -> SafeString:
        return moment(refund.created_at)

    @admin.display(description=gettext_lazy("requested"))
    def requested(self, refund: Refund) -> SafeString:
        """Returns when the refund was requested and, below, by whom."""
        return format_html("{}<br>{}", moment(refund.created_at), self.asker(refund) or "")

    @admin.display(description=gettext_lazy("refunded"))
    def done(self, refund: Refund) -> SafeString:
        return moment(refund.succeeded_at)

    @admin.display(description=gettext_lazy("refund number"))
    def number(self, refund: Refund) -> SafeString:
        return trade_number(refund.out_refund_no)

    @admin.display(description=gettext_lazy("order"))
    def order_link(self, refund: Refund) -> SafeString:
        address = reverse("admin:orders_order_change", args=[refund.order_id])
        return format_html('<a class="link trade-number" href="{}">{}</a>', address, refund.order)

    @admin.display(description=gettext_lazy("error"))
    def failure(self, refund: Refund) -> SafeString:
        return error_sentences.rendered(error_words.of_text(refund.error))

    @admin.display(description=gettext_lazy("payer"))
    def payer(self, refund: Refund) -> SafeString:
        return people.rendered(people.of_row(refund, openid=_payer_openid))

    @admin.display(description=gettext_lazy("amount"))
    def given(self, refund: Refund) -> SafeString:
        return money(refund.amount)

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, refund: Refund) -> SafeString:
        return badge(refund.get_state_display(), COLOURS[RefundState(refund.state)])


def _payer_openid(refund: Refund) -> str:
    return payer_openid(refund.order)


def _may_change(request: HttpRequest, refund: Refund) -> bool:
    return Rights.of(request.user).may_change(Area.MONEY, refund.account_id)
