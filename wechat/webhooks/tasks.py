"""The modules with background work of this app: see ``wechat.kernel.work``."""

from wechat.webhooks import outbox

__all__ = ["outbox"]
