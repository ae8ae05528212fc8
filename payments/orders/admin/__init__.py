"""The admin's pages about orders and refunds; each module registers its own."""

from payments.orders.admin import orders, refunds

__all__ = ["orders", "refunds"]
