"""The modules with background work of this app: see ``wechat.kernel.work``."""

from payments import certificates, events, notices, order_polling, reconciling, refunding

__all__ = ["certificates", "events", "notices", "order_polling", "reconciling", "refunding"]
