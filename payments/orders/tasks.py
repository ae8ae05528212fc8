"""The modules with background work on orders and refunds: see ``wechat.kernel.work``."""

from payments.orders import events, polling, revenue, shipping
from payments.orders.refunds import refunding

__all__ = ["events", "polling", "refunding", "revenue", "shipping"]
