"""The inbox's own reactions."""

from wechat.inbox import media
from wechat.inbox.routing import Event, reacts
from wechat.kernel import work
from wechat.sdk.messages import Image, Video, Voice


@reacts(Image, Voice, Video)
def keep_media(event: Event) -> None:
    if event.row:
        media.expect(event.row, event.message)
        work.wake("inbox.fetch_media")
