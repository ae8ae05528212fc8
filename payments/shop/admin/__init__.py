"""The admin's pages about items and their buyers; each module registers its own."""

from payments.shop.admin import items, sales

__all__ = ["items", "sales"]
