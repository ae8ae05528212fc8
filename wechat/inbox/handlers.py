"""The inbox's own reactions."""

from django.db import transaction

from wechat.inbox import media
from wechat.inbox.routing import Event, reacts
from wechat.inbox.tasks import fetch_media
from wechat.kernel import due
from wechat.sdk.messages import Image, Video, Voice


@reacts(Image, Voice, Video)
def keep_media(event: Event) -> None:
    if event.row:
        media.expect(event.row, event.message)
        transaction.on_commit(lambda: due.ring(fetch_media))
