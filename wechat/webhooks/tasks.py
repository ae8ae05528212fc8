"""The modules with background work of this app: see ``wechat.kernel.work``."""

from wechat.webhooks import outbox, retention

__all__ = ["outbox", "retention"]
