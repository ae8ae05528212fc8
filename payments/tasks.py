"""The modules with background work of this app: see ``wechat.kernel.work``."""

from payments import certificates, chasing, events, notices, reconciling, refunding

__all__ = ["certificates", "chasing", "events", "notices", "reconciling", "refunding"]
