"""The handlers of order events: webhooks, messages to the payer, and the refund of a second payment."""

import datetime

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from payments.merchants import receipt as merchant_receipt
from payments.orders import attribution, history, webhooks
from payments.orders.events import Topic, handles
from payments.orders.models import Order, OrderEvent
from payments.orders.refunds import refunding
from payments.orders.states import PAID, RefundState
from wechat.campaigns import conversions
from wechat.campaigns.models import Recipient
from wechat.campaigns.sequences import enrolling, triggers
from wechat.channels import report as channel_report
from wechat.console.revenue import Revenue
from wechat.inbox import answerers
from wechat.pushes import event_templates
from wechat.pushes.queueing import queue
from wechat.sdk.content import Text
from wechat.sdk.pay.money import yuan

channel_report.register_revenue(attribution.by_channel)
for _mark, _name in {
    "receipt": _("receipt of a payment"),
    "discrepancy": _("discrepancy of the reconciliation"),
    "automatic": _("automatically: paid twice"),
    "demo": _("demo data"),
    "staff": _("by hand"),
    history.PLATFORM: _("WeChat Pay"),
    history.WORKER: _("automatically"),
}.items():
    answerers.call(_mark, _name)


@handles("webhooks")
def post_to_webhooks(event: OrderEvent) -> None:
    webhooks.post(event)


@handles("receipt", Topic.PAID)
def send_receipt(event: OrderEvent) -> None:
    order = event.order
    openid = order.payer_openid or order.openid
    if not order.merchant.receipt_text or not openid:
        return
    queue(
        account=order.account,
        openid=openid,
        content=Text(receipt(order)),
        key=f"receipt:{order.pk}",
        cause="receipt",
    )


def receipt(order: Order) -> str:
    """Returns the merchant's receipt text, filled in for the order."""
    return merchant_receipt.filled(
        order.merchant.receipt_text,
        amount=yuan(order.total),
        description=order.description,
        number=order.out_trade_no,
    )


event_templates.register(
    "order.paid",
    _("An order is paid"),
    {
        "amount": event_templates.Word(_("amount"), "¥99.80"),
        "description": event_templates.Word(_("what was bought"), "会员卡"),
        "number": event_templates.Word(_("order number"), "20260207001"),
        "time": event_templates.Word(_("time"), "2026-02-07 10:00"),
    },
)


@handles("automatic", Topic.PAID)
def send_automatic_messages(event: OrderEvent) -> None:
    """Sends the template messages that staff have set up for payments."""
    order = event.order
    openid = order.payer_openid or order.openid
    if not openid or order.paid_at is None:
        return
    words = {
        "amount": f"¥{yuan(order.total)}",
        "description": order.description,
        "number": order.out_trade_no,
        "time": timezone.localtime(order.paid_at).strftime("%Y-%m-%d %H:%M"),
    }
    event_templates.happened(order.account, "order.paid", openid, words, key=f"order.paid:{order.pk}")


@handles("sequences", Topic.PAID)
def move_sequences(event: OrderEvent) -> None:
    """Ends the payer's sequences that wait for a payment, and begins those that a payment triggers."""
    order = event.order
    openid, key = order.payer_openid or order.openid, f"order:{order.pk}"
    if openid and order.paid_at is not None:
        enrolling.purchased(order.account, openid, key)
        enrolling.start(order.account, openid, "order", key, at=order.paid_at)


triggers.register("order", _("An order is paid"))


@handles("purchase", Topic.PAID, Topic.REFUND_FAILED)
def give_back_second_payments(event: OrderEvent) -> None:
    """Refunds every payment of a purchase except the first one that is kept (WeChat Pay reference 10.1).

    A late report may change which one is the first, so all payments are checked. A payment that is refunded
    in full is not kept, so that a new one after it is not a second payment. It counts as kept again if a
    second person rejects its refund, but not if WeChat Pay cannot make it.
    """
    order, refund = event.order, event.refund
    if not order.purchase or (refund and refund.state != RefundState.REJECTED):
        return
    same = Order.objects.select_for_update().filter(
        account=order.account, source=order.source, purchase=order.purchase, state__in=sorted(PAID)
    )
    kept = same.exclude(reserved=F("total"))
    for later in kept.order_by("paid_at", "pk")[1:]:
        _give_back(later)


def _give_back(order: Order) -> None:
    source, key = "automatic", f"second:{order.pk}"
    if order.refundable and not order.refunds.filter(source=source, key=key).exists():
        refunding.request(order, order.refundable, source=source, key=key, reason="重复支付")


@conversions.register
def paid_after_a_campaign(
    account: OfficialAccount,
    openids: "QuerySet[Recipient, str]",
    since: datetime.datetime,
    until: datetime.datetime,
) -> Revenue:
    """Returns what these people paid after the campaign, less refunds, in fen.

    An order counts for its payer, or if that is unknown for the person for whom it was made.
    """
    payers = Q(payer_openid__in=openids) | Q(payer_openid="", openid__in=openids)
    paid = Order.objects.filter(payers, account=account, paid_at__gte=since, paid_at__lt=until)
    totals = paid.aggregate(orders=Count("pk"), fen=Sum(F("total") - F("refunded")))
    return Revenue(totals["orders"], totals["fen"] or 0)
