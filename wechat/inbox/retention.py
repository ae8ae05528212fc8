"""The deletion of old messages and media.

Media go sooner than messages: the log still shows that somebody sent a file.
"""

import datetime
from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from wechat.inbox.models import InboundMedia, InboundMessage
from wechat.kernel import retention


def _oldest_media(before: datetime.datetime, limit: int) -> Sequence[InboundMedia]:
    done = InboundMedia.objects.exclude(state=InboundMedia.State.PENDING)
    return retention.first_rows(done, "message__sent_at", before, limit)


def _delete_media(media: Sequence[InboundMedia]) -> None:
    for row in media:
        file = row.file
        row.delete()
        if file:
            file.delete(save=False)


def _oldest_messages(before: datetime.datetime, limit: int) -> Sequence[InboundMessage]:
    done = InboundMessage.objects.filter(due_at=None).only("pk")
    return retention.first_rows(done, "received_at", before, limit)


def _delete_messages(messages: Sequence[InboundMessage]) -> None:
    """Deletes messages with their files and with the rows of other apps that point to them."""
    numbers = [row.pk for row in messages]
    _delete_media(list(InboundMedia.objects.filter(message__in=numbers)))
    InboundMessage.objects.filter(pk__in=numbers).delete()


retention.register("media", _("Pictures, voices and videos of followers"), _oldest_media, _delete_media)
retention.register("messages", _("Messages and events of followers"), _oldest_messages, _delete_messages)
