"""A follower's picture, voice or video, for staff with a right to the account's messages."""

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from accounts.staff.gate import Gate, gated_page
from accounts.staff.rights import Area
from wechat.inbox.models import InboundMedia
from wechat.kernel import files


def _media(_request: HttpRequest, pk: int) -> InboundMedia | None:
    return InboundMedia.objects.select_related("message").filter(pk=pk).first()


@gated_page(_media, lambda _request, media: media.message.account_id, Gate(Area.MESSAGES), is_file=True)
def show(request: HttpRequest, media: InboundMedia) -> HttpResponseBase:
    if not media.file:
        raise Http404
    return files.response(media.file, media.content_type)
