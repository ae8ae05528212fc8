"""The admin's pages about orders and refunds; each module registers its own."""

from payments.orders.admin import orders, refund_limits, refunds

__all__ = ["orders", "refund_limits", "refunds"]
