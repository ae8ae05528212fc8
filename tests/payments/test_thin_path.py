from payments.notifications.models import Notification
from payments.orders import ordering
from payments.orders.models import OrderEvent
from payments.orders.states import OrderState
from tests.payments.conftest import Ordered
from tests.payments.world import TRANSACTION_ID, notify


def test_an_order_is_placed_paid_and_told(ordered: Ordered) -> None:
    order = ordered()
    assert (order.state, order.prepay) == (OrderState.PAYING, "wx1")
    assert ordering.bridge(order)["package"] == "prepay_id=wx1"
    assert notify(order).status_code == 204
    order.refresh_from_db()
    assert (order.state, order.transaction_id, order.payer_total) == (OrderState.PAID, TRANSACTION_ID, 10000)
    assert order.due_at is None
    assert Notification.objects.get().state == Notification.State.APPLIED
    assert list(OrderEvent.objects.values_list("topic", flat=True)) == ["order.paid"]
    assert [step.kind for step in order.steps.order_by("id")] == ["created", "called", "moved"]
