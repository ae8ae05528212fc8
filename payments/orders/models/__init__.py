"""Orders, their refunds, and what others hear of both."""

from payments.orders.models.events import OrderEvent
from payments.orders.models.orders import Order, Step
from payments.orders.models.refunds import Refund

__all__ = ["Order", "OrderEvent", "Refund", "Step"]
