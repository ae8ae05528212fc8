"""What followers sent besides words, deleted when its time is over; that they sent it stays in the log."""

import datetime
from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from wechat.inbox.models import InboundMedia
from wechat.kernel import retention


def _oldest(before: datetime.datetime, limit: int) -> Sequence[InboundMedia]:
    """The rows with the smallest numbers are the oldest, so that no table is read for it."""
    first = InboundMedia.objects.exclude(state=InboundMedia.State.PENDING).select_related("message")
    return [row for row in first.order_by("pk")[:limit] if row.message.sent_at < before]


def _delete(media: Sequence[InboundMedia]) -> None:
    for row in media:
        file = row.file
        row.delete()
        if file:
            file.delete(save=False)


retention.register("media", _("Pictures, voices and videos of followers"), _oldest, _delete)
