"""The admin of orders, for finance: the list, one order with its history, and its actions."""

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers import people
from accounts.followers.people import Person
from accounts.official.error_sentences import of_row
from accounts.staff.gate import frame, reader
from accounts.staff.pages import AccountScopedAdmin
from accounts.staff.rights import Area, Rights
from payments.orders import banks, history, polling, revenue_page, shipping
from payments.orders.filtering import OrderFilter
from payments.orders.models import Order
from payments.orders.ordering import OrderRefused
from payments.orders.refunds import refunding
from payments.orders.refunds.limits import left_alone, limit_of
from payments.orders.shipping_form import ShippingForm, carriers, initial
from payments.orders.states import OrderState
from payments.orders.webhooks import deliveries_of
from wechat.console import edit_conflicts
from wechat.console.amounts import AmountField, money
from wechat.console.big_tables import BigTable
from wechat.console.markup import badge, moment
from wechat.console.pages import ReadOnly
from wechat.console.phrases import labelled
from wechat.inbox import answerers
from wechat.pushes.models import Push
from wechat.sdk.pay.money import yuan

COLOURS = {
    OrderState.CREATED: "plain",
    OrderState.PAYING: "warn",
    OrderState.CLOSING: "plain",
    OrderState.CLOSED: "plain",
    OrderState.FAILED: "bad",
    OrderState.PAID: "good",
    OrderState.PARTLY_REFUNDED: "warn",
    OrderState.REFUNDED: "plain",
}


class RefundForm(forms.Form):
    amount = AmountField(label=gettext_lazy("Amount in yuan"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("WeChat shows it to the payer."),
    )
    # The same dialog sent twice is one refund.
    key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, order: Order, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order = order

    def clean_amount(self) -> int:
        """Returns the amount in fen. Raises ``ValidationError`` if it exceeds what can still be refunded."""
        amount: int = self.cleaned_data["amount"]
        if not 1 <= amount <= self.order.refundable:
            raise forms.ValidationError(
                _("Between ¥0.01 and ¥%(most)s can be refunded.") % {"most": yuan(self.order.refundable)}
            )
        return amount


def trade_number(number: str) -> SafeString:
    """Returns the number of an order or refund for a list, where it may wrap."""
    return format_html('<span class="trade-number">{}</span>', number)


def payer_openid(order: Order) -> str:
    """Returns the openid of the payer, or of the person who was to pay."""
    return order.payer_openid or order.openid


def payer_of(order: Order) -> Person | None:
    """Returns the person set on the order by the list, or looks them up for a single order."""
    return people.of_row(order, openid=payer_openid)


@admin.register(Order)
class OrderAdmin(ReadOnly, BigTable, AccountScopedAdmin):
    area = Area.MONEY
    empty_words = gettext_lazy(
        "An order is made when somebody pays for an item on its page, or when a business system asks for one."
    )
    list_display = ("created", "number", "payer", "described", "amount", "state_badge", "paid")
    list_display_links = ("number",)
    filter_form = OrderFilter
    list_before_template = "orders/order_list_top.html"
    change_form_outer_before_template = "orders/order_tools.html"
    change_form_outer_after_template = "orders/order_story.html"
    fields = (
        "account", "number", "state_badge", "amount", "given_back", "description", "item", "attach", "way",
        "payer", "merchant", "transaction_id", "bank", "created", "expires", "paid", "made_by",
    )  # fmt: skip
    readonly_fields = fields
    list_select_related = ("merchant", "account")

    def prepare(self, rows: Sequence[Order]) -> None:
        people.attach_people(rows, openid=payer_openid)

    def get_urls(self) -> list[URLPattern]:
        pages = (
            ("refund", self.refund_view),
            ("query", self.query_view),
            ("close", self.close_view),
            ("ship", self.ship_view),
        )
        ours = [
            path(f"<int:pk>/{name}/", self.object_view(view, change=True), name=f"orders_order_{name}")
            for name, view in pages
        ]
        sums = path("revenue/", self.admin_site.admin_view(revenue_page.revenue), name="orders_revenue")
        return [sums, *ours, *super().get_urls()]

    def page_context(self, request: HttpRequest, row: Order) -> dict[str, Any]:
        vars(row)["may_see_messages"] = Rights.of(request.user).may_view(Area.MESSAGES, row.account_id)
        receipt = Push.objects.filter(account=row.account_id, key=f"receipt:{row.pk}").first()
        return {
            "may_act": Rights.of(request.user).may_change(Area.MONEY, row.account_id),
            "may_see_items": Rights.of(request.user).may_view(Area.CONTENT, row.account_id),
            "steps": history.lines(row),
            "refunds": row.refunds.order_by("id"),
            "notifications": row.notifications.order_by("id"),
            "discrepancies": row.discrepancies.order_by("id"),
            "deliveries": deliveries_of(row),
            "receipt": receipt,
            "shipment": (shipment := shipping.of_order(row)),
            "shipment_problem": of_row(shipment) if shipment else "",
            "may_ship": shipping.may_ship(row),
        }

    def refund_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Asks for the amount, shows what will happen, and refunds it after confirmation."""
        if not order.refundable:
            self.message_user(request, _("Nothing of this order is left to refund."))
            return redirect("admin:orders_order_change", order.pk)
        initial = {"amount": order.refundable, "key": uuid.uuid4().hex}
        form = RefundForm(order, request.POST or None, initial=initial)
        sure = request.method == "POST" and form.is_valid()
        if sure and "confirmed" in request.POST:
            return self._refunded(request, order, form)
        plan = self._plan(request, order, form.cleaned_data["amount"]) if sure else None
        context = frame(request, _("Refund"), opts=self.opts, order=order, form=form, plan=plan)
        return TemplateResponse(request, "orders/refund.html", context)

    def query_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Queries WeChat Pay about the order now."""
        if request.method == "POST":
            before = order.state
            if order.is_open:
                polling.poll([order])
            else:
                polling.look_up([order])
            order.refresh_from_db()
            message = (
                _("WeChat Pay was asked: %(state)s.")
                if before != order.state
                else _("Nothing new: %(state)s.")
            )
            self.message_user(request, message % {"state": order.get_state_display()})
        return redirect("admin:orders_order_change", order.pk)

    def close_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        if not order.is_open:
            self.message_user(request, _("The order is not open any more."))
            return redirect("admin:orders_order_change", order.pk)
        if request.method == "POST":
            if polling.start_closing(order, by=str(request.user)):
                polling.poll([order])
            order.refresh_from_db()
            # It may have been paid at this very moment, or WeChat Pay may not have answered yet.
            self.log_change(request, order, labelled(_("Close the order"), order.get_state_display()))
            self.message_user(request, _("The order is: %(state)s.") % {"state": order.get_state_display()})
            return redirect("admin:orders_order_change", order.pk)
        context = frame(request, _("Close the order"), opts=self.opts, order=order)
        return TemplateResponse(request, "orders/close.html", context)

    def ship_view(self, request: HttpRequest, order: Order) -> HttpResponse:
        """Records how an order of a mini program was shipped, which WeChat has to be told."""
        if not shipping.may_ship(order):
            self.message_user(request, str(shipping.NotShippable()), "ERROR")
            return redirect("admin:orders_order_change", order.pk)
        with edit_conflicts.saving(request, order):
            known = shipping.of_order(order)
            form = ShippingForm(request.POST or None, initial=initial(known))
            if request.method == "POST" and form.is_valid():
                return self._shipped(request, order, form)
        context = frame(
            request,
            _("Shipped"),
            opts=self.opts,
            order=order,
            form=form,
            known=known,
            carriers=carriers(order.account),
        )
        return TemplateResponse(request, "orders/ship.html", context)

    def _shipped(self, request: HttpRequest, order: Order, form: ShippingForm) -> HttpResponse:
        try:
            shipment = shipping.ship(order, by=str(request.user), **form.cleaned_data)
        except shipping.NotShippable as refusal:
            self.message_user(request, str(refusal), "ERROR")
            return redirect("admin:orders_order_change", order.pk)
        self.log_change(request, order, _("Shipped: %(how)s") % {"how": shipment})
        self.message_user(request, _("It is kept, and WeChat is being told."))
        return redirect("admin:orders_order_change", order.pk)

    def _refunded(self, request: HttpRequest, order: Order, form: RefundForm) -> HttpResponse:
        chosen = form.cleaned_data
        try:
            refund = refunding.request(
                order,
                chosen["amount"],
                source="staff",
                key=chosen["key"],
                reason=chosen["reason"],
                by=reader(request),
            )
        except OrderRefused as error:
            self.message_user(request, str(error.sentence), level="ERROR")
            return redirect("admin:orders_order_change", order.pk)
        message = _("Refund %(number)s of ¥%(amount)s: %(state)s") % {
            "number": refund,
            "amount": yuan(refund.amount),
            "state": refund.get_state_display(),
        }
        self.log_change(request, order, message)
        self.message_user(request, message)
        return redirect("admin:orders_order_change", order.pk)

    def _plan(self, request: HttpRequest, order: Order, amount: int) -> dict[str, Any]:
        """Returns what a refund of this amount will do, for the page that asks for confirmation."""
        limit = limit_of(reader(request), order.account_id)
        left = left_alone(order, "staff", reader(request))
        return {
            "amount": yuan(amount),
            "left": yuan(order.refundable - amount),
            "payer": payer_of(order),
            "limit": yuan(limit) if limit is not None else "",
            "alone": yuan(left) if left is not None else "",
            "second_person": left is not None and amount > left,
        }

    @admin.display(description=gettext_lazy("made by"))
    def made_by(self, order: Order) -> str:
        return answerers.names([order.source]).of(order.source).name

    @admin.display(description=gettext_lazy("created"))
    def created(self, order: Order) -> SafeString:
        return moment(order.created_at)

    @admin.display(description=gettext_lazy("paid"))
    def paid(self, order: Order) -> SafeString:
        return moment(order.paid_at)

    @admin.display(description=gettext_lazy("payable until"))
    def expires(self, order: Order) -> SafeString:
        return moment(order.expires_at)

    @admin.display(description=gettext_lazy("order number"))
    def number(self, order: Order) -> SafeString:
        return trade_number(order.out_trade_no)

    @admin.display(description=gettext_lazy("description"))
    def described(self, order: Order) -> str:
        return order.description

    @admin.display(description=gettext_lazy("amount"))
    def amount(self, order: Order) -> SafeString:
        return money(order.total)

    @admin.display(description=gettext_lazy("refunded"))
    def given_back(self, order: Order) -> SafeString | str:
        if order.reserved > order.refunded:
            return _("¥%(done)s, and ¥%(open)s under way") % {
                "done": yuan(order.refunded),
                "open": yuan(order.reserved - order.refunded),
            }
        return money(order.refunded)

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, order: Order) -> SafeString:
        return badge(order.get_state_display(), COLOURS[OrderState(order.state)])

    @admin.display(description=gettext_lazy("bank"))
    def bank(self, order: Order) -> str:
        return banks.in_words(order.bank_type)

    @admin.display(description=gettext_lazy("payer"))
    def payer(self, order: Order) -> SafeString:
        return people.rendered(payer_of(order))
