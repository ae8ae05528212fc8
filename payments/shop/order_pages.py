"""The pages of a person's orders in WeChat: to pay, to cancel and to see their state.

The browser's report of a payment is never believed. The pages show the order's state here, and have WeChat
Pay queried while somebody waits.
"""

from django.db.models import QuerySet
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST
from django_stubs_ext import StrOrPromise

from payments.merchants.directory import MerchantUnusable
from payments.orders import ordering, polling
from payments.orders.models import Order
from payments.orders.ordering import OrderRefused, Uncertain
from payments.orders.states import OrderState
from payments.shop.access import order_at, shop_page
from payments.shop.selling import SOURCE
from wechat.kernel import work
from wechat.kernel.buckets import wait_for
from wechat.login.pages import VisitorRequest

SHOWN = 50
# As the payer sees it; the staff's words are another matter.
WORDS = {
    OrderState.CREATED: gettext_lazy("Not paid yet"),
    OrderState.PAYING: gettext_lazy("Not paid yet"),
    OrderState.CLOSING: gettext_lazy("Being cancelled"),
    OrderState.CLOSED: gettext_lazy("Cancelled, not paid"),
    OrderState.FAILED: gettext_lazy("Cancelled, not paid"),
    OrderState.PAID: gettext_lazy("Paid"),
    OrderState.PARTLY_REFUNDED: gettext_lazy("Partly refunded"),
    OrderState.REFUNDED: gettext_lazy("Refunded"),
}


@require_GET
@shop_page
def mine(request: VisitorRequest) -> HttpResponse:
    found: QuerySet[Order] = Order.objects.filter(
        account=request.account, openid=request.visitor.openid, source=SOURCE
    )
    orders = [(order, _word(order)) for order in found.order_by("-pk")[:SHOWN]]
    context = {"account": request.account, "orders": orders}
    return render(request, "shop/orders.html", context)


@require_GET
@shop_page
def show(request: VisitorRequest, number: str) -> HttpResponse:
    order = order_at(request, number)
    if not ordering.is_payable(order, timezone.now()):
        _query_soon(order)
    return _shown(request, order, "shop/order.html")


@require_GET
@shop_page
def result(request: VisitorRequest, number: str) -> HttpResponse:
    """Shows the page after the payment sheet, which waits until the order is paid or closed."""
    order = order_at(request, number)
    _query_soon(order)
    return _shown(request, order, "shop/result.html")


@require_GET
@shop_page
def state(request: VisitorRequest, number: str) -> JsonResponse:
    """Returns the order's state, which the waiting page asks for every two seconds."""
    return JsonResponse({"state": order_at(request, number).state})


@require_POST
@shop_page
def pay(request: VisitorRequest, number: str) -> JsonResponse:
    """Returns the parameters that open WeChat's payment sheet, or that the order is paid already."""
    order = order_at(request, number)
    if wait_for(f"shop:pay:{order.pk}", size=10, per_second=0.2):
        return _problem(_("Please try again in a moment."), 429)
    try:
        order = ordering.place(order)
        if order.is_paid:
            return JsonResponse({"paid": True})
        return JsonResponse({"bridge": ordering.bridge(order)})
    except OrderRefused as error:
        # Its page tells what became of it, and leads to another order.
        over = error.code == "over"
        return JsonResponse({"over": True}, status=409) if over else _problem(str(error.sentence), 409)
    except MerchantUnusable:
        return _problem(_("Payment is not possible at the moment."), 409)
    except Uncertain:
        return _problem(_("WeChat Pay does not answer at the moment. Please try again."), 503)


@require_POST
@shop_page
def cancel(request: VisitorRequest, number: str) -> HttpResponse:
    """Makes a worker close the order at WeChat Pay; a payment at the same moment wins."""
    order = order_at(request, number)
    if polling.start_closing(order, by=_("payer")):
        _query_soon(order)
    return redirect("shop_order", request.account.slug, number)


def _shown(request: VisitorRequest, order: Order, template: str) -> HttpResponse:
    context = {
        "account": request.account,
        "order": order,
        "item": order.sale.item,
        "word": _word(order),
        "payable": ordering.is_payable(order, timezone.now()),
    }
    return render(request, template, context)


def _word(order: Order) -> StrOrPromise:
    """Returns the state for the payer; an order whose time is over is being cancelled, begun or not."""
    over = order.is_open and not ordering.is_payable(order, timezone.now())
    return WORDS[OrderState.CLOSING if over else OrderState(order.state)]


def _query_soon(order: Order) -> None:
    """Makes a worker query WeChat Pay now and then; usually the notification arrives first."""
    if order.is_open and not wait_for(f"shop:query:{order.pk}", size=3, per_second=0.1):
        Order.objects.filter(pk=order.pk, due_at__gt=timezone.now()).update(due_at=timezone.now())
        work.wake(polling.POLLS.name)


def _problem(sentence: str, status: int) -> JsonResponse:
    return JsonResponse({"problem": sentence}, status=status)
