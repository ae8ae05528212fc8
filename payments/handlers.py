"""Who hears of payments: the owner's systems, the payer, and whoever has to give back a second payment."""

from django.utils import timezone

from payments import refunding
from payments.events import Topic, hears
from payments.models import Event, Order, Webhook, WebhookDelivery
from payments.states import PAID
from wechat.pushes.queueing import queue
from wechat.sdk.content import Text
from wechat.sdk.pay.money import yuan


@hears("webhooks")
def post_to_webhooks(event: Event) -> None:
    for webhook in Webhook.objects.filter(account=event.order.account, enabled=True):
        WebhookDelivery.objects.get_or_create(
            webhook=webhook, event=event, defaults={"due_at": timezone.now()}
        )


@hears("receipt", Topic.PAID)
def send_receipt(event: Event) -> None:
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
    """The merchant's text with the order's own words; braces it does not know stay as they are."""
    filled = order.merchant.receipt_text
    for name, value in (
        ("amount", yuan(order.total)), ("description", order.description), ("number", order.out_trade_no)
    ):  # fmt: skip
        filled = filled.replace(f"{{{name}}}", value)
    return filled


@hears("purchase", Topic.PAID)
def give_back_a_second_payment(event: Event) -> None:
    """Of the orders of one purchase the first one paid is kept (WeChat Pay reference 10.1)."""
    order = event.order
    if not order.purchase:
        return
    same = Order.objects.select_for_update().filter(
        account=order.account, source=order.source, purchase=order.purchase, state__in=sorted(PAID)
    )
    first = same.order_by("paid_at", "pk").first()
    if first is not None and first.pk != order.pk and order.refundable:
        refunding.request(
            order, order.refundable, source="automatic", key=f"second:{order.pk}", reason="重复支付"
        )
