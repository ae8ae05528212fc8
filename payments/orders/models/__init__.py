"""The models of orders, refunds, their events and shipments, and of revenue by day."""

from payments.orders.models.events import OrderEvent
from payments.orders.models.orders import Order, Step
from payments.orders.models.refunds import Refund
from payments.orders.models.revenue import RevenueDay, RevenueSum
from payments.orders.models.shipments import Parcel, Shipment

__all__ = ["Order", "OrderEvent", "Parcel", "Refund", "RevenueDay", "RevenueSum", "Shipment", "Step"]
