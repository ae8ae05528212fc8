"""The things about orders that wait for a person: stuck refunds, refused shipments, failed events."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.staff.rights import Area
from accounts.staff.todo import KINDS, Severity, TodoKind, held
from payments.orders import polling
from payments.orders.models import OrderEvent, Refund, Shipment
from payments.orders.refunds.refunding import NO_MONEY
from payments.orders.shipping import UPLOADS
from payments.orders.states import OrderState, RefundState
from wechat.kernel.work import GIVEN_UP

ORDERS = "admin:orders_order_changelist"
MONEY = (Area.MONEY,)

KINDS.add(
    "refunds.abnormal",
    TodoKind(
        title=_("Refunds that cannot be paid out: choose where the money goes"),
        page="admin:orders_refund_changelist",
        query=f"state={RefundState.ABNORMAL.value}",
        areas=MONEY,
        severity=Severity.FAULT,
        rows=lambda account, user: Refund.objects.filter(account=account, state=RefundState.ABNORMAL),
    ),
)
KINDS.add(
    "refunds.unfunded",
    TodoKind(
        title=_("Refunds wait for money of the merchant: put some in at pay.weixin.qq.com"),
        page="admin:orders_refund_changelist",
        query=f"state={RefundState.PENDING.value}",
        areas=MONEY,
        severity=Severity.FAULT,
        rows=lambda account, user: Refund.objects.filter(
            account=account, state=RefundState.PENDING, error__startswith=NO_MONEY
        ),
    ),
)
KINDS.add(
    "orders.stuck",
    TodoKind(
        title=_("Orders that cannot be closed: look in their history at what WeChat Pay says"),
        page=ORDERS,
        query=f"state={OrderState.CLOSING.value}",
        areas=MONEY,
        severity=Severity.FAULT,
        rows=lambda account, user: polling.stuck(account),
        acknowledged=True,
    ),
)
KINDS.add(
    "orders.shipments",
    TodoKind(
        title=_("Shipments that WeChat refused: it holds the money of their orders"),
        page=ORDERS,
        link=lambda account_id: reverse("operations_failures"),
        areas=MONEY,
        severity=Severity.FAULT,
        rows=lambda account, user: Shipment.objects.filter(
            order__account=account, state=Shipment.State.FAILED
        ),
    ),
)
KINDS.add(
    "orders.events",
    TodoKind(
        title=_("Payments and refunds of which not everybody was told"),
        page=ORDERS,
        link=lambda account_id: reverse("operations_failures"),
        areas=MONEY,
        severity=Severity.FAULT,
        rows=lambda account, user: OrderEvent.objects.filter(GIVEN_UP, order__account=account),
    ),
)
KINDS.add(
    "held.shipments",
    TodoKind(
        title=_("Telling WeChat what was shipped is on hold"),
        page=ORDERS,
        areas=MONEY,
        severity=Severity.FAULT,
        rows=held(UPLOADS.name),
    ),
)
