"""The worker's side of the outbox."""

from wechat.kernel import due
from wechat.webhooks import outbox

due.doorbell(outbox.deliver, outbox.is_due)
